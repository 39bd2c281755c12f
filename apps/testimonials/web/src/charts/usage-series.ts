import type { Usage } from '../api/api.generated.ts'

/** One colour of a stacked chart. */
export interface Series {
  /** What it is by in the answer; `other`: all that have no colour of their own. */
  key: string
  /** Credits, in the order of the days. */
  values: readonly number[]
  total: number
  /** Of --chart-1 to --chart-6, from 0; the last one is that of the others. */
  color: number
}

export const otherKey = 'other'
/** As many as there are colours, the last one for the others. */
const mostSeries = 6

/** Rows by day and split, as the columns of a chart: the largest first, the rest together. */
export function seriesOf(rows: readonly Usage[], days: readonly string[]): Series[] {
  const byKey = new Map<string, number[]>()
  for (const { group, split, creditsUsed } of rows) {
    const day = days.indexOf(group ?? '')
    if (day === -1) continue
    const key = split ?? otherKey
    const values = byKey.get(key) ?? days.map(() => 0)
    values[day] = sumOfCredits([values[day] ?? 0, creditsUsed])
    byKey.set(key, values)
  }
  const all = [...byKey].map(([key, values]) => ({ key, values, total: sumOfCredits(values) }))
  const named = all.filter(({ key }) => key !== otherKey).sort((a, b) => b.total - a.total)
  const room = named.length + (byKey.has(otherKey) ? 1 : 0) > mostSeries ? mostSeries - 1 : mostSeries
  const rest = [...named.slice(room), ...all.filter(({ key }) => key === otherKey)]
  const shown = named.slice(0, room).map((series, color): Series => ({ ...series, color }))
  if (rest.length === 0) return shown
  const values = days.map((_, day) => sumOfCredits(rest.map((series) => series.values[day] ?? 0)))
  return [...shown, { key: otherKey, values, total: sumOfCredits(values), color: mostSeries - 1 }]
}

/** Decimals of two places, without the dust of binary fractions. */
export function sumOfCredits(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + Math.round(value * 100), 0) / 100
}

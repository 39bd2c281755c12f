import type { CreditBalance } from '@stipend/client'
import type { Forecast, Usage } from '../api/api.generated.ts'
import { sumOfCredits } from './usage-series.ts'
import { dayMs, startOfDay, utcDay, utcDays } from './utc-days.ts'

/** Credits at a time in ms. */
export interface Point {
  x: number
  y: number
}

export interface BurnDown {
  /** The period in ms. */
  start: number
  end: number
  /** Until now, a point a day. */
  past: readonly Point[]
  /** From now on at the pace that the server tells; empty: it tells none. */
  ahead: readonly Point[]
}

/**
 * What was left after each day of the period: what is left now and all that was used since. A top-up counts from the
 * period's beginning, as in the bar of the balance. On an unlimited plan it is what was used.
 */
export function burnDownOf(
  balance: CreditBalance,
  rows: readonly Usage[],
  forecast: Forecast | undefined,
  now: number,
): BurnDown {
  const start = Date.parse(balance.periodStartsAt)
  const end = Date.parse(balance.periodEndsAt)
  const today = Math.min(now, end)
  const days = utcDays(utcDay(start), utcDay(today))
  const used = new Map<string, number>()
  for (const { group, creditsUsed } of rows) {
    if (group !== null) used.set(group, sumOfCredits([used.get(group) ?? 0, creditsUsed]))
  }
  const total = sumOfCredits([...used.values()])
  const first = balance.unlimited ? 0 : sumOfCredits([balance.balance, total])
  const past: Point[] = [{ x: start, y: first }]
  for (const day of days) {
    const before = past.at(-1)?.y ?? first
    const change = (used.get(day) ?? 0) * (balance.unlimited ? 1 : -1)
    past.push({ x: Math.min(startOfDay(day) + dayMs, today), y: sumOfCredits([before, change]) })
  }
  return {
    start,
    end,
    past,
    ahead: aheadOf(balance, forecast, { x: today, y: past.at(-1)?.y ?? first }, end),
  }
}

function aheadOf(
  balance: CreditBalance,
  forecast: Forecast | undefined,
  now: Point,
  end: number,
): readonly Point[] {
  if (forecast === undefined || forecast.projectedUse === null || now.x >= end) return []
  if (balance.unlimited) return [now, { x: end, y: now.y + forecast.projectedUse }]
  const runsOutAt = forecast.runsOutAt === null ? null : Date.parse(forecast.runsOutAt)
  if (runsOutAt !== null && runsOutAt < end) return [now, { x: Math.max(runsOutAt, now.x), y: 0 }]
  return [now, { x: end, y: Math.max(0, now.y - forecast.projectedUse) }]
}

import { expect, test } from 'vitest'
import type { Usage } from '../api/api.generated.ts'
import { otherKey, seriesOf, sumOfCredits } from './usage-series.ts'

const row = (group: string, split: string | null, creditsUsed: number): Usage => ({
  group,
  split,
  name: null,
  calls: 1,
  creditsUsed,
  costUsd: null,
})

test('a series has a value for each day, also for those without use; the largest comes first', () => {
  const rows = [
    row('2026-11-01', 'small', 0.25),
    row('2026-11-03', 'large', 4),
    row('2026-11-03', 'small', 1),
  ]
  expect(seriesOf(rows, ['2026-11-01', '2026-11-02', '2026-11-03'])).toEqual([
    { key: 'large', values: [0, 0, 4], total: 4, color: 0 },
    { key: 'small', values: [0.25, 0, 1], total: 1.25, color: 1 },
  ])
})

test('what has no colour of its own, and what has no name, is one series of the last colour', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const rows = [...keys.map((key, index) => row('2026-11-01', key, 10 - index)), row('2026-11-01', null, 100)]
  const series = seriesOf(rows, ['2026-11-01'])
  expect(series.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e', otherKey])
  expect(series.at(-1)).toEqual({ key: otherKey, values: [109], total: 109, color: 5 })
})

test('six named series keep their own colours', () => {
  const rows = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => row('2026-11-01', key, 1))
  expect(seriesOf(rows, ['2026-11-01']).map(({ color }) => color)).toEqual([0, 1, 2, 3, 4, 5])
})

test('sums of credits have no dust', () => {
  expect(sumOfCredits([0.1, 0.2])).toBe(0.3)
  expect(sumOfCredits([])).toBe(0)
})

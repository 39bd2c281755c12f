import type { CreditBalance } from '@stipend/client'
import { expect, test } from 'vitest'
import type { Forecast, Usage } from '../api/api.generated.ts'
import { burnDownOf } from './burn-down.ts'

const at = (time: string) => Date.parse(time)
const now = at('2026-11-03T12:00:00Z')
const balance = {
  balance: 90,
  periodStartsAt: '2026-11-01T06:00:00Z',
  periodEndsAt: '2026-11-10T06:00:00Z',
  unlimited: false,
} as CreditBalance
const used = (group: string, creditsUsed: number) => ({ group, creditsUsed }) as Usage
const rows = [used('2026-11-01', 4), used('2026-11-01', 1), used('2026-11-03', 5)]
const forecast: Forecast = {
  basisDays: 2,
  dailyAverage: 5,
  projectedUse: 33.75,
  runsOutAt: null,
  periodEndsAt: balance.periodEndsAt,
}

test('it ends at what is left now and begins at that and all that was used', () => {
  const { past } = burnDownOf(balance, rows, undefined, now)
  expect(past).toEqual([
    { x: at('2026-11-01T06:00:00Z'), y: 100 },
    { x: at('2026-11-02T00:00:00Z'), y: 95 },
    { x: at('2026-11-03T00:00:00Z'), y: 95 },
    { x: now, y: 90 },
  ])
})

test('ahead it goes to what is left at the end of the period, or to the day when nothing is', () => {
  const lasting = burnDownOf(balance, rows, forecast, now)
  expect(lasting.ahead).toEqual([
    { x: now, y: 90 },
    { x: at(balance.periodEndsAt), y: 56.25 },
  ])
  const runsOutAt = '2026-11-08T00:00:00Z'
  const ending = burnDownOf(balance, rows, { ...forecast, runsOutAt }, now)
  expect(ending.ahead.at(-1)).toEqual({ x: at(runsOutAt), y: 0 })
})

test('too little use: no line ahead', () => {
  const unknown = { ...forecast, dailyAverage: null, projectedUse: null, basisDays: null }
  expect(burnDownOf(balance, rows, unknown, now).ahead).toEqual([])
})

test('on an unlimited plan it is what was used', () => {
  const { past, ahead } = burnDownOf({ ...balance, unlimited: true }, rows, forecast, now)
  expect(past.map(({ y }) => y)).toEqual([0, 5, 5, 10])
  expect(ahead.at(-1)?.y).toBe(43.75)
})

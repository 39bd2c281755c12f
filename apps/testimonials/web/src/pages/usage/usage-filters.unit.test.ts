import { expect, test } from 'vitest'
import { addressOf, daysOf, queryOf } from './usage-filters.ts'

const now = Date.parse('2026-11-23T01:00:00Z')

test('an empty address is the last thirty days of everything, and says nothing again', () => {
  const address = addressOf({})
  expect(address).toMatchObject({ range: '30d', capability: null, by: 'capability' })
  expect(daysOf(address, now)).toEqual({ first: '2026-10-25', last: '2026-11-23' })
  expect(queryOf(address)).toEqual({})
})

test.each([
  { range: 'period', actor: 'member:m1', by: 'model' },
  { from: '2026-11-01', to: '2026-11-12', type: 'refund' },
  { range: '7d', capability: 'question_generation', model: 'claude_sonnet' },
])('%j is said again as it was', (query) => {
  expect(queryOf(addressOf(query))).toEqual(query)
})

test('days the wrong way round are turned; half a range, and what is no day, is none', () => {
  expect(addressOf({ from: '2026-11-12', to: '2026-11-01' })).toMatchObject({
    range: 'custom',
    from: '2026-11-01',
    to: '2026-11-12',
  })
  expect(addressOf({ from: '2026-11-12' }).range).toBe('30d')
  expect(addressOf({ from: '2026-02-30', to: '2026-11-01' }).range).toBe('30d')
})

test('what nobody knows is left out', () => {
  expect(addressOf({ range: 'century', type: 'gift', by: 'moon', model: ['a', 'b'] })).toEqual(addressOf({}))
})

test('the days of the period are only known by the balance', () => {
  expect(daysOf(addressOf({ range: 'period' }), now)).toBeNull()
})

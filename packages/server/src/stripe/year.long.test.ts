import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Life, type Step, standing } from '../test-support/histories.ts'
import { createShop, type Shop } from '../test-support/shop.ts'
import { type Drift, findDrift } from './reconcile.ts'

const organizations = 200
const months = 12

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

/** A month of an organization: mostly it only waits. */
const monthArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ do: 'wait', days: 0 }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'buy', way: '4242424242424242' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'buy', way: '4000000000000002' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      which: fc.nat(3),
      share: fc.constantFrom(0.5, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dispute' as const), which: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      plan: fc.constantFrom('pro' as const, 'business' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('card' as const), works: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), isNow: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      plan: fc.constantFrom('pro' as const, 'business' as const),
      interval: fc.constant('month' as const),
    }),
  },
)

/** Sign-ups on all kinds of days, the 31st of January among them. */
const starts = ['2026-01-31', '2026-01-15', '2026-02-28', '2026-03-31', '2026-05-01', '2026-08-30']

test('a year of 200 organizations ends with books that verify and reconcile', {
  timeout: 3_600_000,
}, async () => {
  const lives = fc.sample(fc.array(monthArbitrary, { minLength: months, maxLength: months }), {
    numRuns: organizations,
    seed: 2026,
  })
  const all: Life[] = []
  for (const [index, steps] of lives.entries()) {
    const at = new Date(`${starts[index % starts.length]}T${String(index % 24).padStart(2, '0')}:00:00Z`)
    const life = new Life(shop, await shop.createOnClock(at))
    all.push(life)
    await life.begin()
    const interval = index % 4 === 0 ? 'year' : 'month'
    if (index % 10 !== 0)
      await life.take({ do: 'subscribe', plan: index % 3 === 0 ? 'business' : 'pro', interval }, true)
    for (const step of steps) {
      await life.take(step, true)
      const to = new Date(life.organization.now().getTime() + 30.5 * 86_400_000)
      await life.organization.advanceTo(to, { seconds: 5 * 86_400 })
    }
  }
  await shop.settled()

  const plans = new Set<string>()
  for (const { organization } of all) {
    plans.add((await standing(shop, organization)).plan)
  }
  // It was a year in which things happened.
  expect([...plans].sort()).toEqual(['business', 'free', 'pro'])
  const { rows: events } = await shop.api.database.owner.query<{ type: string }>(
    'select distinct type from stipend.outbox_events order by 1',
  )
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'payment.failed',
      'plan.changed',
      'subscription.ended',
      'subscription.past_due',
      'topup.clawed_back',
    ]),
  )
  const drift: Drift[] = []
  for await (const one of findDrift(shop.payments, { days: 10_000 })) drift.push(one)
  expect(drift).toEqual([])

  const { rows } = await shop.api.database.owner.query<{ organization_id: string; allocations: number }>(
    `select organization_id, count(*)::integer as allocations from stipend.credit_transactions
     where type = 'plan_allocation' and source_id like '#allocation:%' and organization_id like 'clocked%' group by 1`,
  )
  // One a month, and one more for each subscription that began.
  expect(rows).toHaveLength(organizations)
  expect(Math.max(...rows.map(({ allocations }) => allocations))).toBeLessThanOrEqual(2 * months + 2)
  expect(Math.min(...rows.map(({ allocations }) => allocations))).toBeGreaterThanOrEqual(months)
})

import fc from 'fast-check'
import { expect } from 'vitest'
import { Life, type Step, standing } from './histories.ts'
import type { Shop } from './shop.ts'

const which = fc.nat(5)
const plan = fc.constantFrom('pro' as const, 'business' as const)
/** Anything that may happen next. */
export const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('buy' as const),
      way: fc.constantFrom('4242424242424242', '4000000000000002'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      which,
      share: fc.constantFrom(0.1, 0.33, 0.5, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('dispute' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('close' as const),
      which,
      outcome: fc.constantFrom('won' as const, 'lost' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      plan,
      interval: fc.constantFrom('month' as const, 'month' as const, 'year' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('change' as const), plan }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), isNow: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'resume' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('card' as const), works: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'refund_invoice' }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.constantFrom(1, 2, 5, 12, 33) }),
  },
)

/** Lives the steps twice: webhooks as they happen, and all of them at the end, shuffled, three in ten twice. */
export async function liveTwice(shop: Shop, steps: readonly Step[], seed: number): Promise<void> {
  const from = new Date('2027-01-31T10:00:00Z')
  const { deliveries } = shop.sandbox.controls
  const inOrder = new Life(shop, await shop.createOnClock(from))
  await inOrder.begin()
  for (const step of steps) {
    await inOrder.take(step, true)
    await shop.settled()
  }
  const expected = await standing(shop, inOrder.organization)

  const late = new Life(shop, await shop.createOnClock(from))
  deliveries.hold()
  await late.begin()
  for (const step of steps) await late.take(step, false)
  await deliveries.release({ seed, copies: 2, share: 0.3, atOnce: 3 })
  await shop.settled()
  expect(await standing(shop, late.organization)).toEqual(expected)
}

/** Histories long enough for something to happen in them. */
export const historyArbitrary = fc.array(stepArbitrary, { minLength: 5, maxLength: 14, size: 'max' })

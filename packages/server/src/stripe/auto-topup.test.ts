import { credits } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClockedOrganization, createShop, type Shop } from '../test-support/shop.ts'
import { runAutoTopups } from './auto-topup.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const start = new Date('2027-05-03T08:00:00Z')

/** 20 credits, automatic purchases below 15. */
async function thrifty(card: string | null, monthlyCeilingCents = 5_000): Promise<ClockedOrganization> {
  const who = await shop.createOnClock(start)
  if (card !== null) {
    const method = await shop.stripe.paymentMethods.attach(card, { customer: who.customerId })
    await shop.stripe.customers.update(who.customerId, {
      invoice_settings: { default_payment_method: method.id },
    })
  }
  await set(who, monthlyCeilingCents)
  return who
}

async function set({ key }: ClockedOrganization, monthlyCeilingCents = 5_000) {
  const body = { enabled: true, packageId: 'starter', thresholdCredits: 15, monthlyCeilingCents }
  const answer = await shop.api.call('PUT', '/billing/auto-topup', { key, body })
  expect(answer.status).toBe(200)
}

const spend = ({ organizationId }: ClockedOrganization, amount: number) =>
  shop.api.stipend.engine.adjustCredits({
    organizationId,
    credits: credits(-amount),
    reason: 'used',
    sourceId: crypto.randomUUID(),
  })
const run = async () => {
  await runAutoTopups(shop.payments)
  await shop.settled()
}
const bonusOf = async ({ key }: ClockedOrganization) =>
  (await shop.api.call('GET', '/credits/balance', { key })).body['bonusCredits']
const autoOf = async ({ key }: ClockedOrganization) =>
  (await shop.api.call('GET', '/billing/auto-topup', { key })).body
const eventsOf = async ({ organizationId }: ClockedOrganization, type: string) =>
  (
    await shop.api.database.owner.query(
      'select payload from stipend.outbox_events where organization_id = $1 and type = $2 order by id',
      [organizationId, type],
    )
  ).rows as { payload: Record<string, unknown> }[]

test('below the threshold one package is bought, once, whoever asks at the same time', async () => {
  const who = await thrifty('pm_card_visa')
  await run()
  expect(await bonusOf(who)).toBe(10)
  await spend(who, 8)
  await Promise.all([run(), run(), run()])
  expect(await bonusOf(who)).toBe(110)
  await run()
  expect(await bonusOf(who)).toBe(110)
  expect(await eventsOf(who, 'auto_topup.started')).toHaveLength(1)
})

test('the monthly ceiling holds, and a new month begins anew', async () => {
  const who = await thrifty('pm_card_visa', 1_500)
  await spend(who, 12)
  await run()
  expect(await autoOf(who)).toMatchObject({ spentThisMonthCents: 999 })
  await spend(who, 100)
  await run()
  expect(await autoOf(who)).toMatchObject({ spentThisMonthCents: 999 })
  const { payments } = await shop.api.stipend.engine.billing.listPayments(who)
  expect(payments).toHaveLength(1)
  await who.advanceTo(new Date('2027-06-01T00:00:01Z'))
  await run()
  expect((await shop.api.stipend.engine.billing.listPayments(who)).payments).toHaveLength(2)
})

test('after three declines it stops and says so; setting it again starts it anew', async () => {
  const who = await thrifty('pm_card_chargeCustomerFail')
  await spend(who, 12)
  const declines: unknown[] = []
  for (const hours of [0, 0, 2, 3, 7, 30]) {
    await who.advanceTo(new Date(who.now().getTime() + hours * 3_600_000), { seconds: 3_600 })
    await run()
    declines.push((await autoOf(who))['declines'])
  }
  // Not at once again, but after an hour, then after six; never a fourth time.
  expect(declines).toEqual([1, 1, 2, 2, 3, 3])
  expect(await autoOf(who)).toMatchObject({ stoppedReason: 'generic_decline', declines: 3 })
  expect(await eventsOf(who, 'auto_topup.stopped')).toMatchObject([{ payload: { declines: 3 } }])
  expect(await bonusOf(who)).toBe(8)

  const card = await shop.stripe.paymentMethods.attach('pm_card_visa', { customer: who.customerId })
  await shop.stripe.customers.update(who.customerId, {
    invoice_settings: { default_payment_method: card.id },
  })
  await set(who)
  await run()
  expect(await bonusOf(who)).toBe(108)
})

test('without a card it is a decline', async () => {
  const who = await thrifty(null)
  await spend(who, 12)
  await run()
  expect((await shop.api.stipend.engine.billing.listPayments(who)).payments).toMatchObject([
    { kind: 'auto_topup', status: 'failed', failureCode: 'no_card' },
  ])
})

test('one that was begun and never heard of goes on under its id', async () => {
  const who = await thrifty('pm_card_visa')
  await spend(who, 12)
  // The process ends here, after binding and before asking Stripe.
  const [due] = await shop.api.stipend.engine.billing.claimAutoTopups(10)
  expect(due?.organizationId).toBe(who.organizationId)
  await run()
  expect(await bonusOf(who)).toBe(8)
  await who.advanceTo(new Date(start.getTime() + 600_000), { seconds: 600 })
  await run()
  expect(await bonusOf(who)).toBe(108)
  const { payments } = await shop.api.stipend.engine.billing.listPayments(who)
  expect(payments.map(({ id }) => id)).toEqual([due?.paymentId])
})

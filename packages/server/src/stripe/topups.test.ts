import { afterAll, beforeAll, expect, test } from 'vitest'
import { createShop, type Shop } from '../test-support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const bonusOf = async (key: string) =>
  (await shop.api.call('GET', '/credits/balance', { key })).body['bonusCredits']
const paymentsOf = async (key: string) =>
  (await shop.api.call('GET', '/billing/payments', { key })).body['payments'] as Record<string, unknown>[]
const buy = async (key: string) => {
  const bought = await shop.api.call('POST', '/credits/purchase', { key, body: { packageId: 'starter' } })
  expect(bought.status).toBe(200)
  return bought.body as unknown as { checkoutUrl: string; sessionId: string; paymentId: string }
}

test('a package is bound, paid on the page, and granted once', async () => {
  const { key, organizationId } = await shop.api.createOrganization()
  const { checkoutUrl, paymentId } = await buy(key)
  expect(await bonusOf(key)).toBe(10)
  expect(await shop.pay(checkoutUrl)).toBe(303)
  await shop.settled()
  expect(await bonusOf(key)).toBe(110)
  expect(await paymentsOf(key)).toMatchObject([
    { id: paymentId, status: 'paid', credits: 100, amountCents: 999, currency: 'usd', clawedBackCredits: 0 },
  ])
  const { problems } = await shop.api.stipend.engine.verifyLedger(organizationId)
  expect(problems).toEqual([])
})

test('a declined card grants nothing, and the same page takes another card', async () => {
  const { key } = await shop.api.createOrganization()
  const { checkoutUrl } = await buy(key)
  expect(await shop.pay(checkoutUrl, '4000000000000002')).toBe(200)
  await shop.settled()
  expect(await bonusOf(key)).toBe(10)
  expect(await shop.pay(checkoutUrl)).toBe(303)
  await shop.settled()
  expect(await bonusOf(key)).toBe(110)
})

test('a bank debit grants when it is paid, not when it is begun', async () => {
  const { key } = await shop.api.createOrganization()
  const { checkoutUrl, sessionId } = await buy(key)
  expect(await shop.pay(checkoutUrl, 'bank')).toBe(200)
  await shop.settled()
  expect(await bonusOf(key)).toBe(10)
  expect(await paymentsOf(key)).toMatchObject([{ status: 'processing' }])
  const session = await shop.stripe.checkout.sessions.retrieve(sessionId)
  shop.sandbox.controls.endAsyncPayment(String(session.payment_intent), true)
  await shop.settled()
  expect(await bonusOf(key)).toBe(110)
})

test('a refund takes back in proportion, floored, what is due and no more', async () => {
  const { key, organizationId } = await shop.api.createOrganization()
  const { checkoutUrl, sessionId } = await buy(key)
  await shop.pay(checkoutUrl)
  await shop.settled()
  const { payment_intent: intent } = await shop.stripe.checkout.sessions.retrieve(sessionId)
  await shop.stripe.refunds.create({ payment_intent: String(intent), amount: 333 })
  await shop.settled()
  expect(await bonusOf(key)).toBe(110 - 33)
  await shop.stripe.refunds.create({ payment_intent: String(intent) })
  await shop.settled()
  expect(await bonusOf(key)).toBe(10)
  expect(await paymentsOf(key)).toMatchObject([{ refundedCents: 999, clawedBackCredits: 100 }])
  expect((await shop.api.stipend.engine.verifyLedger(organizationId)).problems).toEqual([])
})

test('a dispute takes back, a won one gives back', async () => {
  const { key, organizationId } = await shop.api.createOrganization()
  const { checkoutUrl, sessionId } = await buy(key)
  await shop.pay(checkoutUrl)
  await shop.settled()
  const { payment_intent: intent } = await shop.stripe.checkout.sessions.retrieve(sessionId)
  const dispute = shop.sandbox.controls.dispute(String(intent))
  await shop.settled()
  expect(await bonusOf(key)).toBe(10)
  shop.sandbox.controls.closeDispute(dispute, 'won')
  await shop.settled()
  expect(await bonusOf(key)).toBe(110)
  expect((await shop.api.stipend.engine.verifyLedger(organizationId)).problems).toEqual([])
})

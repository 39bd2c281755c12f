import { credits } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createShop, type Shop } from '../test-support/shop.ts'
import { convergeOrganization } from './converge.ts'
import { syncPrices } from './price-sync.ts'
import { type Drift, findDrift, reportDrift } from './reconcile.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const driftOf = async (organizationId: string) => {
  const found: Drift[] = []
  for await (const drift of findDrift(shop.payments, { organizationId })) found.push(drift)
  return found
}

async function buy(key: string) {
  const { body } = await shop.api.call('POST', '/credits/purchase', { key, body: { packageId: 'starter' } })
  await shop.pay(String(body['checkoutUrl']))
  const session = await shop.stripe.checkout.sessions.retrieve(String(body['sessionId']))
  return String(session.payment_intent)
}

test('what webhooks never told is found, named with its command, and mended by it', async () => {
  const { key, organizationId } = await shop.api.createOrganization()
  const { deliveries } = shop.sandbox.controls
  const told = await buy(key)
  await shop.settled()
  expect(await driftOf(organizationId)).toEqual([])

  deliveries.hold()
  const untold = await buy(key)
  await shop.stripe.refunds.create({ payment_intent: told, amount: 500 })
  const { customerId } = await shop.api.stipend.engine.billing.getState(organizationId)
  const prices = await shop.api.stipend.engine.billing.listStripePrices()
  const price = prices.find(({ plan, interval }) => plan === 'pro' && interval === 'month')?.priceId ?? ''
  const card = await shop.stripe.paymentMethods.attach('pm_card_visa', { customer: customerId ?? '' })
  await shop.stripe.subscriptions.create({
    customer: customerId ?? '',
    items: [{ price }],
    default_payment_method: card.id,
  })
  deliveries.drop()

  const command = `stipend billing sync ${organizationId}`
  expect(await driftOf(organizationId)).toMatchObject([
    { kind: 'paid_not_granted', object: untold, command },
    { kind: 'clawback_differs', object: told, command },
    { kind: 'subscription_differs', command },
  ])
  expect(await reportDrift(shop.payments)).toBe(3)
  const { rows } = await shop.api.database.owner.query(
    `select from stipend.outbox_events where organization_id = $1 and type = 'reconciliation.drift'`,
    [organizationId],
  )
  expect(rows).toHaveLength(1)

  await convergeOrganization(shop.payments, organizationId)
  expect(await driftOf(organizationId)).toEqual([])
  const { body } = await shop.api.call('GET', '/credits/balance', { key })
  expect(body).toMatchObject({ bonusCredits: 10 + 50 + 100, monthlyCredits: 500 })
})

test('a grant that no payment stands behind is found', async () => {
  const { organizationId } = await shop.api.createOrganization()
  const { billing } = shop.api.stipend.engine
  const paymentId = crypto.randomUUID()
  const customer = await shop.stripe.customers.create({ name: 'x' })
  await billing.putCustomer(organizationId, customer.id)
  await billing.createPayment({ organizationId, paymentId, package: 'starter' })
  const sync = await billing.beginSync(organizationId, paymentId)
  await billing.syncPayment(organizationId, paymentId, {
    sync,
    status: 'paid',
    package: 'starter',
    amountCents: 999,
    currency: 'usd',
    refundedCents: 0,
    disputedCents: 0,
  })
  expect(await driftOf(organizationId)).toMatchObject([{ kind: 'granted_not_paid' }])
  const { balance } = await shop.api.stipend.engine.checkCreditBalance(organizationId)
  expect(balance).toBe(credits(120))
})

test('prices are made once; a changed price is a new one, and subscribers stay on theirs', async () => {
  const again = await syncPrices(shop.payments, { webhookUrl: 'https://api.example/webhooks/stripe' })
  expect(again.filter(({ did }) => did === 'created').map(({ what }) => what)).toEqual(['webhook'])
  const third = await syncPrices(shop.payments, { webhookUrl: 'https://api.example/webhooks/stripe' })
  expect(third.every(({ did }) => did === 'unchanged')).toBe(true)

  const { owner } = shop.api.database
  await owner.query(`update stipend.plans set price_usd_cents = 3900 where unique_name = 'pro'`)
  const changed = await syncPrices(shop.payments)
  expect(changed.filter(({ did }) => did !== 'unchanged')).toMatchObject([
    { what: 'price', name: 'stipend_plan_pro_month', did: 'created' },
    { what: 'price', name: 'stipend_plan_pro_month', did: 'archived' },
  ])
  const prices = await shop.api.stipend.engine.billing.listStripePrices()
  const ofPro = prices.filter(({ plan, interval }) => plan === 'pro' && interval === 'month')
  expect(ofPro.map(({ unitAmountCents, isCurrent }) => [unitAmountCents, isCurrent])).toEqual([
    [2900, false],
    [3900, true],
  ])
})

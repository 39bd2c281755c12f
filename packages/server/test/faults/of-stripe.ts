import { expect } from 'vitest'
import { credits } from '../../../engine/src/index.ts'
import { invariants } from '../../../engine/test/invariants.ts'
import { deliverAll } from '../../src/test-support/deliveries.ts'
import { createShop, type Shop } from '../../src/test-support/shop.ts'
import { type Fault, whole } from './fault.ts'

const webhooks: Fault = {
  name: 'webhooks five times, late, reordered',
  how: 'the events of payments of fifty organizations are kept back until all are paid, then each comes five times, shuffled, sixteen at once',
  run: async (_, isFull) => {
    const payments = isFull ? 1000 : 60
    await using shop = await createShop()
    const deliveries = await deliverAll(shop, payments, 1, 5)
    expect(deliveries).toBeGreaterThanOrEqual(payments * 5)
    expect(await invariants(shop.api.database, shop.api.stipend.engine)).toEqual([])
    return `${whole(payments)} payments, ${whole(deliveries)} deliveries: each credited once, none missing`
  },
}

/** Buys 100 credits for a customer; the payment's id. */
async function buy(shop: Shop, organizationId: string, customer: string): Promise<string> {
  const paymentId = crypto.randomUUID()
  const { engine } = shop.api.stipend
  const bound = await engine.billing.createPayment({ organizationId, paymentId, package: 'starter' })
  const { id } = await shop.stripe.paymentIntents.create({
    amount: bound.amountCents,
    currency: bound.currency,
    customer,
    payment_method: 'pm_card_visa',
    confirm: true,
    metadata: {
      stipend_organization: organizationId,
      stipend_payment: paymentId,
      stipend_package: 'starter',
      stipend_kind: 'auto_topup',
    },
  })
  await shop.settled()
  return id
}

const refundAboveUnspent: Fault = {
  name: 'refund above what is unspent',
  how: 'a hundred bought credits, of all 120 five are left, are refunded in three parts, each event twice; then a hundred are bought again',
  run: async () => {
    await using shop = await createShop()
    const { engine } = shop.api.stipend
    const { organizationId } = await shop.api.createOrganization()
    const { id: customer } = await shop.stripe.customers.create({ name: organizationId })
    await engine.billing.putCustomer(organizationId, customer)
    const pools = async () => {
      const { monthlyCredits, bonusCredits, debtCredits } = await engine.checkCreditBalance(organizationId)
      return [monthlyCredits, bonusCredits, debtCredits].map((amount) => amount / 100)
    }
    const payment = await buy(shop, organizationId, customer)
    expect(await pools()).toEqual([10, 110, 0])
    const held = await engine.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(12),
    })
    await engine.settleCredits({ organizationId, reservationId: held.id, actualCredits: credits(115) })
    expect(await pools()).toEqual([0, 5, 0])
    const { deliveries } = shop.sandbox.controls
    deliveries.hold()
    for (const amount of [300, 400, 299]) {
      await shop.stripe.refunds.create({ payment_intent: payment, amount })
    }
    await deliveries.release({ seed: 3, copies: 2, share: 1, atOnce: 4 })
    await shop.settled()
    expect(await pools()).toEqual([0, 0, 95])
    await expect(engine.reserveCredits({ organizationId, capability: 'reply' })).rejects.toMatchObject({
      code: 'insufficient_credits',
    })
    await buy(shop, organizationId, customer)
    expect(await pools()).toEqual([0, 5, 0])
    expect(await invariants(shop.api.database, engine)).toEqual([])
    return 'a hundred taken back once: five that were left, 95 as debt, no pool below zero; the next purchase paid the debt first'
  },
}

export const ofStripe: readonly Fault[] = [webhooks, refundAboveUnspent]

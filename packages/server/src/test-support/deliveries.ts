import { expect } from 'vitest'
import type { Shop } from './shop.ts'

/**
 * Pays `payments` packages of 50 organizations and delivers their events shuffled, a share of them `copies` times, 16 at
 * once. Answers how many deliveries there were. Each organization then has what it paid for, once.
 */
export async function deliverAll(shop: Shop, payments: number, share: number, copies = 2): Promise<number> {
  const { engine } = shop.api.stipend
  const { deliveries } = shop.sandbox.controls
  const organizations = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const { organizationId } = await shop.api.createOrganization()
      const { id: customer } = await shop.stripe.customers.create({ name: organizationId })
      await engine.billing.putCustomer(organizationId, customer)
      return { organizationId, customer, bought: 0 }
    }),
  )
  deliveries.hold()
  for (let index = 0; index < payments; index += 1) {
    const buyer = organizations[index % organizations.length]
    if (buyer === undefined) continue
    const paymentId = crypto.randomUUID()
    const { organizationId, customer } = buyer
    const bound = await engine.billing.createPayment({ organizationId, paymentId, package: 'starter' })
    await shop.stripe.paymentIntents.create({
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
    buyer.bought += 1
  }
  const before = deliveries.log.length
  await deliveries.release({ seed: payments, copies, share, atOnce: 16 })
  await shop.settled()
  const attempts = deliveries.log.slice(before)
  const unanswered = new Set(attempts.map(({ eventId }) => eventId))
  for (const { eventId, status } of attempts) if (status === 200) unanswered.delete(eventId)
  expect(unanswered.size).toBe(0)
  for (const { organizationId, bought } of organizations) {
    const { bonusCredits } = await engine.checkCreditBalance(organizationId)
    expect([organizationId, bonusCredits / 100]).toEqual([organizationId, 10 + 100 * bought])
    expect((await engine.verifyLedger(organizationId)).problems).toEqual([])
  }
  return attempts.length
}

import type { StripeSandbox } from '@stipend/stripe-sandbox'
import type { TestimonialsStipend } from '../testimonials.ts'
import { demoOrganization } from './organization.ts'
import { demoOwner } from './people.ts'

const organizationId = demoOrganization.id

/**
 * Lets the demo organization have subscribed in the sandbox when its period began, by a card that works; once. Its
 * plan and credits are those that it has.
 */
export async function putDemoSubscription(
  { engine, payments }: TestimonialsStipend,
  sandbox: StripeSandbox,
): Promise<void> {
  if (payments === undefined) return
  const { customerId } = await engine.billing.getState(organizationId)
  if (customerId !== null) return
  const { stripe } = payments
  const { periodStartsAt } = await engine.checkCreditBalance(organizationId)
  const price = (await engine.billing.listStripePrices()).find(
    ({ plan, interval, isCurrent }) => plan === demoOrganization.plan && interval === 'month' && isCurrent,
  )
  if (price === undefined) return
  const now = Date.now()
  sandbox.controls.setTime(periodStartsAt)
  const customer = await stripe.customers.create({ name: demoOrganization.name, email: demoOwner.email })
  await engine.billing.putCustomer(organizationId, customer.id)
  await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  const [card] = (await stripe.customers.listPaymentMethods(customer.id)).data
  if (card !== undefined) {
    await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: card.id } })
  }
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.priceId }] })
  sandbox.controls.advanceTime(Math.floor((now - periodStartsAt.getTime()) / 1000))
}

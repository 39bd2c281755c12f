import Stripe from 'stripe'
import { type StripeSandbox, type StripeSandboxOptions, startStripeSandbox } from '../index.ts'

export interface Live extends AsyncDisposable {
  sandbox: StripeSandbox
  stripe: Stripe
}

/** A sandbox, and Stripe's own client on it. */
export async function openLive(options: StripeSandboxOptions = {}): Promise<Live> {
  const sandbox = await startStripeSandbox(options)
  const stripe = new Stripe('sk_test_live', { ...sandbox.clientOptions(), maxNetworkRetries: 0 })
  return { sandbox, stripe, [Symbol.asyncDispose]: () => sandbox.close() }
}

/** A customer with a card, on a test clock that stands at a moment. */
export async function customerAt(stripe: Stripe, at: Date, card = 'pm_card_visa') {
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: at.getTime() / 1000 })
  const customer = await stripe.customers.create({ name: 'Ada', test_clock: clock.id })
  const method = await stripe.paymentMethods.attach(card, { customer: customer.id })
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } })
  const advance = (to: Date) =>
    stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: to.getTime() / 1000 })
  return { customer: customer.id, clock: clock.id, advance }
}

export async function priceOf(stripe: Stripe, amount: number, interval?: 'month' | 'year'): Promise<string> {
  const price = await stripe.prices.create({
    currency: 'usd',
    unit_amount: amount,
    product_data: { name: `For ${amount}` },
    ...(interval === undefined ? {} : { recurring: { interval } }),
  })
  return price.id
}

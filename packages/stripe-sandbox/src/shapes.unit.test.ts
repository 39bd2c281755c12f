import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { isRecord } from './parameters.ts'
import { customerAt, openLive, priceOf } from './test-support/live.ts'

/** Stripe's published example of each object. */
const file = fileURLToPath(new URL('../../../../shared/data/stripe-fixtures3.json', import.meta.url))
const hasExamples = existsSync(file)
if (!hasExamples)
  console.log('Skipped: shapes against Stripe’s published examples (../shared/data is not here)')

/** Fields of the examples that this version of the API has no more, or sends only where they were asked for. */
const optional: Readonly<Record<string, readonly string[]>> = {
  charge: ['refunds', 'source'],
  'checkout.session': ['presentment_details', 'currency_conversion'],
  customer: [
    'sources',
    'subscriptions',
    'tax_ids',
    'currency',
    'cash_balance',
    'invoice_credit_balance',
    'default_currency',
  ],
  invoice: ['payments', 'subscription', 'threshold_reason', 'confirmation_secret', 'total_margin_amount'],
  product: ['default_price', 'features'],
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value
}

/** Where an answer lacks a field of the example, or has another type in it; null fits everything. */
function differences(path: string, example: unknown, answer: unknown, isTop = true): string[] {
  if (example === null || answer === null) return []
  if (kindOf(example) !== kindOf(answer)) return [`${path}: ${kindOf(answer)} instead of ${kindOf(example)}`]
  if (Array.isArray(example) && Array.isArray(answer)) {
    const [first] = example
    return first === undefined ? [] : answer.flatMap((item) => differences(`${path}[]`, first, item, false))
  }
  if (!isRecord(example) || !isRecord(answer)) return []
  const skipped = isTop ? (optional[String(answer['object'])] ?? []) : []
  return Object.entries(example).flatMap(([field, value]) => {
    if (skipped.includes(field)) return []
    if (!(field in answer)) return isTop ? [`${path}.${field} is missing`] : []
    return differences(`${path}.${field}`, value, answer[field], false)
  })
}

test.skipIf(!hasExamples)('every kind of answer has the shape that Stripe publishes', async () => {
  const { resources } = JSON.parse(readFileSync(file, 'utf8')) as { resources: Record<string, unknown> }
  await using live = await openLive()
  const { stripe, sandbox } = live
  const { customer, clock } = await customerAt(stripe, new Date('2027-04-01T00:00:00Z'), 'pm_card_visa')
  const price = await priceOf(stripe, 1500, 'month')
  const once = await priceOf(stripe, 900)
  const subscription = await stripe.subscriptions.create({ customer, items: [{ price }] })
  const intent = await stripe.paymentIntents.create({
    amount: 900,
    currency: 'usd',
    customer,
    payment_method: 'pm_card_visa',
    confirm: true,
  })
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    customer,
    line_items: [{ price: once, quantity: 1 }],
    success_url: 'https://example.com/done',
  })
  const dispute = sandbox.controls.dispute(intent.id, 400)
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 100 })
  const invoice = await stripe.invoices.retrieve(String(subscription.latest_invoice), {
    expand: ['payments'],
  })
  const [payment] = invoice.payments?.data ?? []
  const configuration = await stripe.billingPortal.configurations.create({
    features: { invoice_history: { enabled: true } },
  })
  const answers: Record<string, unknown> = {
    'billing_portal.configuration': configuration,
    'billing_portal.session': await stripe.billingPortal.sessions.create({
      customer,
      return_url: 'https://example.com',
    }),
    charge: await stripe.charges.retrieve(String(intent.latest_charge)),
    'checkout.session': session,
    customer: await stripe.customers.retrieve(customer),
    dispute: await stripe.disputes.retrieve(dispute),
    event: (await stripe.events.list({ limit: 1 })).data[0],
    invoice,
    invoice_payment: payment,
    line_item: invoice.lines.data[0],
    payment_intent: intent,
    payment_method: (await stripe.customers.listPaymentMethods(customer)).data[0],
    price: await stripe.prices.retrieve(price),
    product: (await stripe.products.list()).data[0],
    refund,
    subscription,
    subscription_item: subscription.items.data[0],
    'test_helpers.test_clock': await stripe.testHelpers.testClocks.retrieve(clock),
    webhook_endpoint: await stripe.webhookEndpoints.create({
      url: 'https://example.com',
      enabled_events: ['*'],
    }),
  }
  const found = Object.entries(answers).flatMap(([kind, answer]) => {
    expect([kind, answer === undefined, resources[kind] === undefined]).toEqual([kind, false, false])
    // The client makes decimals of texts.
    return differences(kind, resources[kind], JSON.parse(JSON.stringify(answer)))
  })
  expect(found).toEqual([])
})

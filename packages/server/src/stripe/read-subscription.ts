import type { StripePrice, SubscriptionReading } from '@stipend/engine'
import type Stripe from 'stripe'
import { ask, idOf, type StripeContext, timeOf, timeOrNull } from './context.ts'
import { takesMoney } from './read-payment.ts'

type Prices = ReadonlyMap<string, StripePrice>

/**
 * The subscription that counts of a customer: the newest that runs, else the newest that did; null: none was ever paid
 * or ended. Those to prices that are no plan's are somebody else's.
 */
export async function findSubscription(
  { stripe, engine }: StripeContext,
  customerId: string,
): Promise<{ subscription: Stripe.Subscription; prices: Prices; others: number } | null> {
  const [list, known] = await Promise.all([
    ask(() =>
      stripe.subscriptions.list({
        customer: customerId,
        status: 'all',
        limit: 100,
        expand: ['data.latest_invoice'],
      }),
    ),
    engine.billing.listStripePrices(),
  ])
  const prices = new Map(
    known.flatMap((price) => (price.plan === null ? [] : [[price.priceId, price] as const])),
  )
  const ours = list.data
    .filter(
      ({ status, items }) => !neverBegan.has(status) && items.data.some(({ price }) => prices.has(price.id)),
    )
    .sort((a, b) => b.created - a.created)
  const running = ours.filter(({ status }) => status !== 'canceled')
  const subscription = running[0] ?? ours[0]
  return subscription === undefined ? null : { subscription, prices, others: Math.max(running.length - 1, 0) }
}

const neverBegan: ReadonlySet<string> = new Set(['incomplete', 'incomplete_expired'])

/** A subscription with what has been paid for it, as Stripe has it now. */
export async function readSubscription(
  context: StripeContext,
  subscription: Stripe.Subscription,
  prices: Prices,
): Promise<Omit<SubscriptionReading, 'sync'> & { paidPrice: StripePrice | null }> {
  const item = subscription.items.data.find(({ price }) => prices.has(price.id))
  const paid = await lastPaid(context, subscription.id, prices)
  const current = item === undefined ? undefined : prices.get(item.price.id)
  return {
    subscriptionId: subscription.id,
    status: subscription.status,
    interval: paid?.price.interval ?? current?.interval ?? null,
    plan: paid?.price.plan ?? null,
    anchorAt: paid === null ? null : timeOf(subscription.billing_cycle_anchor),
    planFrom: paid === null ? null : timeOf(paid.line.period.start),
    paidUntil: paid === null ? null : timeOf(paid.line.period.end),
    unpaidFrom: paid === null ? null : await unpaidFrom(context, paid.invoice),
    nextPlan: current?.plan === paid?.price.plan ? null : (current?.plan ?? null),
    cancelsAt: cancelsAt(subscription, item),
    endedAt: subscription.status === 'canceled' ? timeOrNull(subscription.ended_at) : null,
    paymentFailed: paymentFailed(subscription),
    paidPrice: paid?.price ?? null,
  }
}

function cancelsAt(
  subscription: Stripe.Subscription,
  item: Stripe.SubscriptionItem | undefined,
): Date | null {
  if (subscription.cancel_at !== null) return timeOf(subscription.cancel_at)
  return subscription.cancel_at_period_end ? timeOrNull(item?.current_period_end) : null
}

function paymentFailed({
  status,
  latest_invoice: invoice,
}: Stripe.Subscription): SubscriptionReading['paymentFailed'] {
  if (status === 'canceled' || typeof invoice !== 'object' || invoice === null) return null
  if (invoice.status !== 'open' || invoice.attempt_count === 0) return null
  return {
    at: timeOf(invoice.status_transitions.finalized_at ?? invoice.created),
    cents: invoice.amount_remaining,
    payUrl: invoice.hosted_invoice_url ?? null,
  }
}

interface Paid {
  invoice: Stripe.Invoice
  line: Stripe.InvoiceLineItem
  price: StripePrice
}

/** The newest paid invoice with a line for a plan: what counts is what has been paid for, not what was ordered. */
async function lastPaid(
  { stripe }: StripeContext,
  subscriptionId: string,
  prices: Prices,
): Promise<Paid | null> {
  const invoices = await ask(() =>
    stripe.invoices.list({
      subscription: subscriptionId,
      status: 'paid',
      limit: 20,
      expand: ['data.payments'],
    }),
  )
  for (const invoice of invoices.data) {
    const lines = invoice.lines.data
      .flatMap((line) => {
        const price = prices.get(idOf(line.pricing?.price_details?.price) ?? '')
        return price === undefined || line.amount < 0 ? [] : [{ invoice, line, price }]
      })
      .sort((a, b) => b.line.period.end - a.line.period.end || b.line.amount - a.line.amount)
    if (lines[0] !== undefined) return lines[0]
  }
  return null
}

/** When the payment of an invoice was given back in full, or disputed. */
async function unpaidFrom({ stripe }: StripeContext, invoice: Stripe.Invoice): Promise<Date | null> {
  const intentId = invoice.payments?.data
    .filter(({ status }) => status === 'paid')
    .map(({ payment }) => idOf(payment.payment_intent))
    .find((id) => id !== null)
  if (intentId === undefined || intentId === null) return null
  const intent = await ask(() => stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] }))
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  if (charge?.refunded === true) {
    const refunds = await ask(() => stripe.refunds.list({ payment_intent: intentId, limit: 1 }))
    return timeOf(refunds.data[0]?.created ?? charge.created)
  }
  if (charge?.disputed !== true) return null
  const disputes = await ask(() => stripe.disputes.list({ payment_intent: intentId, limit: 100 }))
  const taking = disputes.data.filter(takesMoney).map(({ created }) => created)
  return taking.length === 0 ? null : timeOf(Math.min(...taking))
}

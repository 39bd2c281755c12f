import type Stripe from 'stripe'
import { ask, idOf, type StripeContext } from './context.ts'
import { type Convergence, convergePayment, convergeSubscription, type PaymentHint } from './converge.ts'
import { organizationOf } from './customers.ts'
import { readPaymentMetadata } from './metadata.ts'

/** The events that Stripe is asked to send. */
export const handledEvents = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'invoice.paid',
  'invoice.payment_failed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.closed',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
] as const satisfies readonly Stripe.Event.Type[]

/** Finds what an event is about, reads that anew, and converges to it. The event's own words are not believed. */
export async function handleEvent(context: StripeContext, event: Stripe.Event): Promise<Convergence> {
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
    case 'checkout.session.async_payment_failed':
    case 'checkout.session.expired': {
      const { id, mode, customer } = event.data.object
      return mode === 'payment'
        ? await convergePayment(context, { sessionId: id }, hintOf(event.data.object))
        : await subscriptionOf(context, customer)
    }
    case 'invoice.paid':
    case 'invoice.payment_failed':
    case 'customer.subscription.created':
    case 'customer.subscription.updated':
    case 'customer.subscription.deleted':
      return await subscriptionOf(context, event.data.object.customer)
    case 'charge.refunded':
    case 'charge.dispute.created':
    case 'charge.dispute.closed':
      return await moneyBack(context, idOf(event.data.object.payment_intent))
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed': {
      // Purchases on Stripe's page end with their session: a first card may be declined there and a second one not.
      const metadata = readPaymentMetadata(event.data.object.metadata)
      return metadata?.kind === 'auto_topup'
        ? await convergePayment(context, { paymentIntentId: event.data.object.id }, hintOf(event.data.object))
        : 'ignored'
    }
    default:
      return 'ignored'
  }
}

function hintOf(object: {
  metadata: Record<string, string> | null
  customer: string | { id: string } | null
}): PaymentHint | null {
  const metadata = readPaymentMetadata(object.metadata)
  if (metadata === null) return null
  const { paymentId, organizationId: claimedOrganizationId } = metadata
  return { paymentId, claimedOrganizationId, customer: idOf(object.customer) }
}

async function subscriptionOf(
  context: StripeContext,
  customer: string | { id: string } | null,
): Promise<Convergence> {
  const customerId = idOf(customer)
  const organizationId = await organizationOf(context, customer)
  if (customerId === null || organizationId === null) return 'ignored'
  return await convergeSubscription(context, organizationId, customerId)
}

/** Of a purchase, or else of an invoice of the customer's subscription. */
async function moneyBack(context: StripeContext, paymentIntentId: string | null): Promise<Convergence> {
  if (paymentIntentId === null) return 'ignored'
  const intent = await ask(() => context.stripe.paymentIntents.retrieve(paymentIntentId))
  return readPaymentMetadata(intent.metadata) === null
    ? await subscriptionOf(context, intent.customer)
    : await convergePayment(context, { paymentIntentId })
}

import type { PaymentReading, PaymentStatus } from '@stipend/engine'
import type Stripe from 'stripe'
import { ask, idOf, type StripeContext } from './context.ts'
import { readPaymentMetadata } from './metadata.ts'

/** Where a purchase is found at Stripe. */
export type PaymentLocation = { sessionId: string } | { paymentIntentId: string }

/** A purchase as Stripe has it now, and whose it says it is. */
export interface LocatedPayment {
  paymentId: string
  customer: string | null
  /** What its metadata claim; the customer decides. */
  claimedOrganizationId: string | null
  kind: string | null
  reading: Omit<PaymentReading, 'sync'>
}

/** null: no purchase of ours. */
export async function readPayment(
  context: StripeContext,
  location: PaymentLocation,
): Promise<LocatedPayment | null> {
  return 'sessionId' in location
    ? await readSession(context, location.sessionId)
    : await readPaymentIntent(context, location.paymentIntentId)
}

async function readSession(context: StripeContext, id: string): Promise<LocatedPayment | null> {
  const session = await ask(() =>
    context.stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent.latest_charge'] }),
  )
  const metadata = readPaymentMetadata(session.metadata)
  if (metadata === null) return null
  const intent = typeof session.payment_intent === 'object' ? session.payment_intent : null
  return {
    paymentId: metadata.paymentId,
    customer: idOf(session.customer),
    claimedOrganizationId: metadata.organizationId,
    kind: metadata.kind,
    reading: {
      status: statusOfSession(session, intent),
      package: metadata.package,
      amountCents: session.amount_total ?? 0,
      currency: session.currency ?? '',
      stripeSessionId: session.id,
      ...(await readCharge(context, intent)),
    },
  }
}

async function readPaymentIntent(context: StripeContext, id: string): Promise<LocatedPayment | null> {
  const intent = await ask(() => context.stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] }))
  const metadata = readPaymentMetadata(intent.metadata)
  if (metadata === null) return null
  return {
    paymentId: metadata.paymentId,
    customer: idOf(intent.customer),
    claimedOrganizationId: metadata.organizationId,
    kind: metadata.kind,
    reading: {
      status: statusOfIntent(intent),
      package: metadata.package,
      amountCents: intent.status === 'succeeded' ? intent.amount_received : intent.amount,
      currency: intent.currency,
      ...(await readCharge(context, intent)),
    },
  }
}

type Status = Exclude<PaymentStatus, 'mismatch'>

function statusOfSession(session: Stripe.Checkout.Session, intent: Stripe.PaymentIntent | null): Status {
  if (session.payment_status !== 'unpaid') return 'paid'
  if (session.status === 'expired') return 'expired'
  if (session.status === 'complete' && intent !== null) return statusOfIntent(intent)
  return 'open'
}

function statusOfIntent({ status }: Stripe.PaymentIntent): Status {
  if (status === 'succeeded') return 'paid'
  if (status === 'processing') return 'processing'
  return status === 'requires_payment_method' || status === 'canceled' ? 'failed' : 'open'
}

async function readCharge(
  context: StripeContext,
  intent: Stripe.PaymentIntent | null,
): Promise<
  Pick<
    PaymentReading,
    'refundedCents' | 'disputedCents' | 'stripePaymentIntentId' | 'failureCode' | 'receiptUrl'
  >
> {
  if (intent === null) return { refundedCents: 0, disputedCents: 0 }
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  const error = intent.last_payment_error
  return {
    refundedCents: charge?.amount_refunded ?? 0,
    disputedCents: charge?.disputed === true ? await disputedCents(context, intent.id) : 0,
    stripePaymentIntentId: intent.id,
    failureCode: error?.decline_code ?? error?.code ?? null,
    receiptUrl: charge?.receipt_url ?? null,
  }
}

/** Disputes that took money: open or lost. Warnings take none until they become disputes. */
export function takesMoney({ status }: Pick<Stripe.Dispute, 'status'>): boolean {
  return ['needs_response', 'under_review', 'lost'].includes(status)
}

async function disputedCents({ stripe }: StripeContext, paymentIntentId: string): Promise<number> {
  const disputes = await ask(() => stripe.disputes.list({ payment_intent: paymentIntentId, limit: 100 }))
  return disputes.data.filter(takesMoney).reduce((sum, { amount }) => sum + amount, 0)
}

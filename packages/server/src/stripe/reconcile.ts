import type { Payment } from '@stipend/engine'
import type { StripeContext } from './context.ts'
import { readPaymentMetadata } from './metadata.ts'
import { readPayment } from './read-payment.ts'
import { findSubscription, readSubscription } from './read-subscription.ts'

/** Where Stripe and the books differ, and the command that mends it. */
export interface Drift {
  organizationId: string
  kind:
    | 'paid_not_granted'
    | 'granted_not_paid'
    | 'clawback_differs'
    | 'payment_mismatch'
    | 'payment_unknown'
    | 'subscription_differs'
    | 'two_subscriptions'
  /** Stripe's id. */
  object: string
  stripe: string
  books: string
  command: string
}

/** Compares what Stripe says with the books, of purchases and subscriptions made in the last days. Changes nothing. */
export async function* findDrift(
  context: StripeContext,
  { days = 35, organizationId }: { days?: number | undefined; organizationId?: string | undefined } = {},
): AsyncGenerator<Drift> {
  const since = Math.floor(Date.now() / 1000) - days * 86_400
  const customers = await context.engine.billing.listCustomers()
  for (const customer of customers) {
    if (organizationId !== undefined && customer.organizationId !== organizationId) continue
    yield* paymentDrift(context, customer, since)
    yield* subscriptionDrift(context, customer)
  }
}

/** The nightly run: what differs goes to the log and, for its organization, to the outbox. How many findings. */
export async function reportDrift(context: StripeContext): Promise<number> {
  const found = new Map<string, Drift[]>()
  for await (const drift of findDrift(context)) {
    context.logger?.error({ ...drift }, 'the books differ from Stripe')
    found.set(drift.organizationId, [...(found.get(drift.organizationId) ?? []), drift])
  }
  for (const [organizationId, findings] of found) {
    await context.engine.billing.emitDrift(organizationId, findings)
  }
  return [...found.values()].flat().length
}

interface Customer {
  organizationId: string
  customerId: string
}

const mend = (organizationId: string) => `stipend billing sync ${organizationId}`

async function* paymentDrift(
  context: StripeContext,
  { organizationId, customerId }: Customer,
  since: number,
): AsyncGenerator<Drift> {
  const { billing } = context.engine
  const seen = new Set<string>()
  const list = context.stripe.paymentIntents.list({
    customer: customerId,
    limit: 100,
    created: { gte: since },
  })
  for await (const intent of list) {
    const metadata = readPaymentMetadata(intent.metadata)
    if (metadata === null) continue
    seen.add(metadata.paymentId)
    const read = await readPayment(context, { paymentIntentId: intent.id })
    const payment = await billing.getPayment(organizationId, metadata.paymentId)
    const drift = read === null ? null : compare(read.reading, payment)
    if (drift !== null) {
      yield { organizationId, object: intent.id, command: mend(organizationId), ...drift }
    }
  }
  yield* grantedNotPaid(context, organizationId, seen, since)
}

async function* grantedNotPaid(
  context: StripeContext,
  organizationId: string,
  seen: ReadonlySet<string>,
  since: number,
): AsyncGenerator<Drift> {
  let cursor: string | undefined
  do {
    const page = await context.engine.billing.listPayments({ organizationId, cursor, limit: 100 })
    for (const payment of page.payments) {
      if (payment.createdAt.getTime() / 1000 < since) return
      if (payment.status !== 'paid' || seen.has(payment.id)) continue
      yield {
        organizationId,
        kind: 'granted_not_paid',
        object: payment.stripePaymentIntentId ?? payment.id,
        stripe: 'no such payment',
        books: `${payment.credits / 100} credits granted`,
        command: `stipend credits adjust ${organizationId} -${payment.credits / 100} --reason "Payment ${payment.id} is not at Stripe"`,
      }
    }
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

type Reading = NonNullable<Awaited<ReturnType<typeof readPayment>>>['reading']

function compare(reading: Reading, payment: Payment | null): Pick<Drift, 'kind' | 'stripe' | 'books'> | null {
  const atStripe = `${reading.status}, ${reading.refundedCents + reading.disputedCents} of ${reading.amountCents} cents given back`
  if (payment === null) {
    return reading.status === 'paid'
      ? { kind: 'payment_unknown', stripe: atStripe, books: 'no such payment' }
      : null
  }
  const books = `${payment.status}, ${payment.clawedBackCredits / 100} of ${payment.credits / 100} credits taken back`
  if (payment.status === 'mismatch') return { kind: 'payment_mismatch', stripe: atStripe, books }
  if (reading.status === 'paid' && payment.status !== 'paid')
    return { kind: 'paid_not_granted', stripe: atStripe, books }
  if (reading.status !== 'paid' && payment.status === 'paid')
    return { kind: 'granted_not_paid', stripe: atStripe, books }
  const given = reading.refundedCents + reading.disputedCents
  const taken = payment.refundedCents + payment.disputedCents
  return given === taken ? null : { kind: 'clawback_differs', stripe: atStripe, books }
}

async function* subscriptionDrift(
  context: StripeContext,
  { organizationId, customerId }: Customer,
): AsyncGenerator<Drift> {
  const found = await findSubscription(context, customerId)
  if (found === null) return
  const { subscription, others, prices } = found
  if (others > 0) {
    yield {
      organizationId,
      kind: 'two_subscriptions',
      object: subscription.id,
      stripe: `${others + 1} subscriptions run`,
      books: 'the newest counts',
      command: 'cancel the older ones in the Stripe Dashboard',
    }
  }
  const reading = await readSubscription(context, subscription, prices)
  const state = await context.engine.billing.getState(organizationId)
  const stripe = `${reading.subscriptionId} ${reading.status} ${reading.endedAt === null ? (reading.plan ?? 'unpaid') : 'ended'}`
  const known = state.subscription
  const books =
    known === null
      ? 'no subscription'
      : `${known.id} ${known.status} ${known.endedAt === null ? state.plan : 'ended'}`
  if (stripe === books || (reading.plan === null && known?.id === reading.subscriptionId)) return
  yield {
    organizationId,
    kind: 'subscription_differs',
    object: subscription.id,
    stripe,
    books,
    command: mend(organizationId),
  }
}

import type { SyncOutcome } from '@stipend/engine'
import type { StripeContext } from './context.ts'
import { organizationOf } from './customers.ts'
import { type LocatedPayment, type PaymentLocation, readPayment } from './read-payment.ts'
import { findSubscription, readSubscription } from './read-subscription.ts'

/** `ignored`: nothing of ours; what an event brings up is read anew, so any event may come any time. */
export type Convergence = SyncOutcome | 'ignored'

/** Whose purchase it is, as an event says: only to know what to number; what is read decides. */
export type PaymentHint = Pick<LocatedPayment, 'paymentId' | 'customer' | 'claimedOrganizationId'>

/** Reads a purchase at Stripe and makes the database say the same. */
export async function convergePayment(
  context: StripeContext,
  location: PaymentLocation,
  hint?: PaymentHint | null,
): Promise<Convergence> {
  const first = hint ?? (await readPayment(context, location))
  if (first === null) return 'ignored'
  const organizationId = await organizationOf(context, first.customer)
  if (organizationId === null) return 'ignored'
  if (first.claimedOrganizationId !== organizationId) return stranger(context, organizationId, first)
  // Numbered before it is read, so that an older reading cannot undo a newer one.
  const sync = await context.engine.billing.beginSync(organizationId, first.paymentId)
  const now = await readPayment(context, location)
  if (now === null) return 'ignored'
  const isTheSame = now.paymentId === first.paymentId && now.customer === first.customer
  if (!isTheSame || now.claimedOrganizationId !== organizationId)
    return stranger(context, organizationId, now)
  return await context.engine.billing.syncPayment(organizationId, now.paymentId, { ...now.reading, sync })
}

function stranger(
  { logger }: StripeContext,
  organizationId: string,
  { paymentId }: PaymentHint,
): Convergence {
  logger?.error(
    { organizationId, paymentId, code: 'payment_mismatch' },
    'a payment names another organization than its customer is',
  )
  return 'mismatch'
}

/** Reads an organization's subscription at Stripe and makes its plan, periods and credits say the same. */
export async function convergeSubscription(
  context: StripeContext,
  organizationId: string,
  customerId: string,
): Promise<Convergence> {
  const { billing } = context.engine
  const sync = await billing.beginSync(organizationId, 'subscription')
  const found = await findSubscription(context, customerId)
  if (found === null) return 'ignored'
  const reading = await readSubscription(context, found.subscription, found.prices)
  const { outcome } = await billing.syncSubscription(organizationId, { ...reading, sync })
  return outcome
}

/**
 * Both, of one organization, with every purchase of its customer, for an operator: also what was paid and the books have
 * never heard of, as after a restore from a backup. It is bound anew at today's price of its package, and a mismatch where
 * another amount was paid.
 */
export async function convergeOrganization(
  context: StripeContext,
  organizationId: string,
): Promise<Record<string, Convergence>> {
  const { customerId } = await context.engine.billing.getState(organizationId)
  if (customerId === null) return {}
  const outcomes: Record<string, Convergence> = {}
  for await (const intent of context.stripe.paymentIntents.list({ customer: customerId, limit: 100 })) {
    const location = { paymentIntentId: intent.id }
    const first = await convergePayment(context, location)
    const isBound = first === 'unknown' && (await bindAnew(context, organizationId, location))
    const outcome = isBound ? await convergePayment(context, location) : first
    if (outcome !== 'ignored') outcomes[intent.id] = outcome
  }
  outcomes['subscription'] = await convergeSubscription(context, organizationId, customerId)
  return outcomes
}

/** Whether there was something to bind. */
async function bindAnew(
  context: StripeContext,
  organizationId: string,
  location: PaymentLocation,
): Promise<boolean> {
  const read = await readPayment(context, location)
  if (read === null || read.reading.status !== 'paid' || read.reading.package === null) return false
  await context.engine.billing.createPayment({
    organizationId,
    paymentId: read.paymentId,
    package: read.reading.package,
  })
  return true
}

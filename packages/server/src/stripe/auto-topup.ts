import type { DueAutoTopup } from '@stipend/engine'
import Stripe from 'stripe'
import { ask, type StripeContext } from './context.ts'
import { convergePayment } from './converge.ts'
import { customerOf, defaultPaymentMethod } from './customers.ts'
import { paymentMetadata } from './metadata.ts'

/** Makes the automatic purchases that are due, at most `limit`; how many. Each is asked of Stripe once, under its id. */
export async function runAutoTopups(context: StripeContext, limit = 20): Promise<number> {
  const due = await context.engine.billing.claimAutoTopups(limit)
  for (const one of due) await purchase(context, one)
  return due.length
}

async function purchase(context: StripeContext, due: DueAutoTopup): Promise<void> {
  const { organizationId, paymentId, amountCents, currency } = due
  const customer = await customerOf(context, organizationId)
  const method = await defaultPaymentMethod(context, customer)
  if (method === null) return await decline(context, due, 'no_card')
  try {
    const intent = await context.stripe.paymentIntents.create(
      {
        amount: amountCents,
        currency,
        customer,
        payment_method: method.id,
        off_session: true,
        confirm: true,
        metadata: paymentMetadata({ ...due, kind: 'auto_topup' }),
      },
      { idempotencyKey: `stipend-payment-${paymentId}` },
    )
    await convergePayment(context, { paymentIntentId: intent.id })
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeCardError)) return await ask(() => Promise.reject(error))
    await decline(context, due, error.decline_code ?? error.code ?? 'card_declined')
  }
}

async function decline(
  { engine }: StripeContext,
  { organizationId, paymentId, package: topupPackage, amountCents, currency }: DueAutoTopup,
  failureCode: string,
): Promise<void> {
  const sync = await engine.billing.beginSync(organizationId, paymentId)
  await engine.billing.syncPayment(organizationId, paymentId, {
    sync,
    status: 'failed',
    package: topupPackage,
    amountCents,
    currency,
    refundedCents: 0,
    disputedCents: 0,
    failureCode,
  })
}

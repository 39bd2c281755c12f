import { randomUUID } from 'node:crypto'
import { type Actor, errorOf } from '@stipend/engine'
import type Stripe from 'stripe'
import { ask, type StripeContext } from './context.ts'
import { customerOf } from './customers.ts'
import { metadataKeys, paymentMetadata } from './metadata.ts'

export interface Checkout {
  /** Where to pay. */
  checkoutUrl: string
  sessionId: string
}

/** Binds a purchase of credits and opens Stripe's page for it. Paid is what a webhook says is paid. */
export async function purchaseCredits(
  context: StripeContext,
  input: { organizationId: string; packageId: string; actor: Actor },
): Promise<Checkout & { paymentId: string }> {
  const { organizationId, packageId, actor } = input
  const paymentId = randomUUID()
  const bound = await context.engine.billing.createPayment({
    organizationId,
    paymentId,
    package: packageId,
    actor,
  })
  const customer = await customerOf(context, organizationId, actor)
  const metadata = paymentMetadata({ organizationId, paymentId, package: packageId, kind: 'topup' })
  const checkout = await openCheckout(context, paymentId, {
    mode: 'payment',
    customer,
    client_reference_id: organizationId,
    line_items: [{ price: bound.stripePriceId, quantity: 1 }],
    metadata,
    // Kept for automatic purchases, should they be switched on.
    payment_intent_data: { metadata, setup_future_usage: 'off_session' },
    success_url: context.pageUrl({ organization: organizationId, checkout: 'done', payment: paymentId }),
    cancel_url: context.pageUrl({ organization: organizationId, checkout: 'left' }),
  })
  return { ...checkout, paymentId }
}

/** Opens Stripe's page for a first subscription. */
export async function subscribe(
  context: StripeContext,
  input: { organizationId: string; plan: string; priceId: string; actor: Actor },
): Promise<Checkout> {
  const { organizationId, plan, priceId, actor } = input
  const customer = await customerOf(context, organizationId, actor)
  const metadata = { [metadataKeys.organization]: organizationId }
  return await openCheckout(context, randomUUID(), {
    mode: 'subscription',
    customer,
    client_reference_id: organizationId,
    line_items: [{ price: priceId, quantity: 1 }],
    metadata,
    subscription_data: { metadata },
    success_url: context.pageUrl({ organization: organizationId, checkout: 'done', plan }),
    cancel_url: context.pageUrl({ organization: organizationId, checkout: 'left' }),
  })
}

async function openCheckout(
  { stripe }: StripeContext,
  key: string,
  params: Stripe.Checkout.SessionCreateParams,
): Promise<Checkout> {
  const session = await ask(() =>
    stripe.checkout.sessions.create(params, { idempotencyKey: `stipend-checkout-${key}` }),
  )
  if (session.url === null) throw errorOf('payment_provider_failed', { provider: 'stripe' })
  return { checkoutUrl: session.url, sessionId: session.id }
}

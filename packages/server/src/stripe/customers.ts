import type { Actor } from '@stipend/engine'
import type Stripe from 'stripe'
import { ask, idOf, type StripeContext } from './context.ts'
import { metadataKeys } from './metadata.ts'

/** The card that automatic purchases and renewals are paid with. */
export interface Card {
  brand: string
  last4: string
  expiresMonth: number
  expiresYear: number
}

/** The organization's customer at Stripe, made on first need; asked twice at once, there is one. */
export async function customerOf(
  { stripe, engine }: StripeContext,
  organizationId: string,
  actor?: Actor,
): Promise<string> {
  const { customerId } = await engine.billing.getState(organizationId)
  if (customerId !== null) return customerId
  const { name } = await engine.getOrganization(organizationId)
  const customer = await ask(() =>
    stripe.customers.create(
      {
        name,
        ...(actor?.email === undefined ? {} : { email: actor.email }),
        metadata: { [metadataKeys.organization]: organizationId },
      },
      { idempotencyKey: `stipend-customer-${organizationId}` },
    ),
  )
  return await engine.billing.putCustomer(organizationId, customer.id)
}

/** The payment method that is charged when nobody is there: the default, else the newest card. */
export async function defaultPaymentMethod(
  { stripe }: StripeContext,
  customerId: string,
): Promise<Stripe.PaymentMethod | null> {
  const customer = await ask(() =>
    stripe.customers.retrieve(customerId, { expand: ['invoice_settings.default_payment_method'] }),
  )
  if (customer.deleted === true) return null
  const chosen = customer.invoice_settings.default_payment_method
  if (typeof chosen === 'object' && chosen !== null) return chosen
  const cards = await ask(() => stripe.customers.listPaymentMethods(customerId, { type: 'card', limit: 1 }))
  return cards.data[0] ?? null
}

/** null: none, or no card. */
export async function cardOf(context: StripeContext, customerId: string): Promise<Card | null> {
  const method = await defaultPaymentMethod(context, customerId)
  const card = method?.card
  if (card === undefined) return null
  return { brand: card.brand, last4: card.last4, expiresMonth: card.exp_month, expiresYear: card.exp_year }
}

/** Whose event it is; null: none of ours. */
export async function organizationOf(
  { engine }: StripeContext,
  customer: string | { id: string } | null | undefined,
): Promise<string | null> {
  const customerId = idOf(customer)
  return customerId === null ? null : await engine.billing.findOrganizationOfCustomer(customerId)
}

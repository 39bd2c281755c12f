import type { Actor } from '@stipend/engine'
import type Stripe from 'stripe'
import { ask, type StripeContext } from './context.ts'
import { customerOf } from './customers.ts'

const mark = { stipend: 'billing' }

/** What Stripe's portal offers: cards, addresses, invoices. Plans change here, where the preview is. */
function features(): Stripe.BillingPortal.ConfigurationCreateParams.Features {
  return {
    payment_method_update: { enabled: true },
    customer_update: { enabled: true, allowed_updates: ['email', 'address', 'tax_id'] },
    invoice_history: { enabled: true },
    subscription_cancel: { enabled: true, mode: 'at_period_end' },
  }
}

/** The portal's configuration, made or brought up to date. */
export async function syncPortal({ stripe }: StripeContext): Promise<{ id: string; isNew: boolean }> {
  const found = await findConfiguration(stripe)
  if (found !== null) {
    await ask(() => stripe.billingPortal.configurations.update(found, { features: features() }))
    return { id: found, isNew: false }
  }
  const made = await ask(() =>
    stripe.billingPortal.configurations.create({ features: features(), metadata: mark }),
  )
  return { id: made.id, isNew: true }
}

async function findConfiguration(stripe: Stripe): Promise<string | null> {
  const list = await ask(() => stripe.billingPortal.configurations.list({ active: true, limit: 100 }))
  return list.data.find(({ metadata }) => metadata?.['stipend'] === mark.stipend)?.id ?? null
}

/** A link to Stripe's portal for an organization, good for a few minutes. */
export async function openPortal(
  context: StripeContext,
  organizationId: string,
  actor: Actor,
): Promise<string> {
  const customer = await customerOf(context, organizationId, actor)
  const configuration = await findConfiguration(context.stripe)
  const session = await ask(() =>
    context.stripe.billingPortal.sessions.create({
      customer,
      return_url: context.pageUrl({ organization: organizationId }),
      ...(configuration === null ? {} : { configuration }),
    }),
  )
  return session.url
}

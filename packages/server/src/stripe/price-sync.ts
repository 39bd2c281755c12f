import type { BillingInterval } from '@stipend/engine'
import Stripe from 'stripe'
import { ask, type StripeContext } from './context.ts'
import { handledEvents } from './handle-event.ts'
import { syncPortal } from './portal.ts'

/** What `stripe sync` did about one thing. */
export interface SyncStep {
  what: 'product' | 'price' | 'portal' | 'webhook'
  name: string
  did: 'created' | 'updated' | 'unchanged' | 'archived'
  id: string
  /** Of a new webhook endpoint, shown once. */
  secret?: string
}

/** Something for sale: a plan by the month or year, or a package. */
interface Sale {
  name: string
  title: string
  productId: string
  lookupKey: string
  interval: BillingInterval | null
  cents: number
}

/**
 * Creates products, prices, the portal's configuration and, with a URL, the webhook endpoint at Stripe from the catalog in
 * the database, and notes the prices. Again it changes nothing. A changed price is a new one; subscribers keep theirs.
 */
export async function syncPrices(
  context: StripeContext,
  { webhookUrl }: { webhookUrl?: string | undefined } = {},
): Promise<SyncStep[]> {
  const steps: SyncStep[] = []
  for (const sale of await salesOf(context)) steps.push(...(await syncSale(context, sale)))
  const portal = await syncPortal(context)
  steps.push({ what: 'portal', name: 'billing', did: portal.isNew ? 'created' : 'unchanged', id: portal.id })
  if (webhookUrl !== undefined) steps.push(await syncWebhook(context, webhookUrl))
  return steps
}

async function salesOf({ engine }: StripeContext): Promise<Sale[]> {
  const [plans, packages] = await Promise.all([engine.listPlans(), engine.listTopupPackages()])
  const ofPlan = (plan: string, title: string, interval: BillingInterval, cents: number | null): Sale[] =>
    cents === null || cents === 0
      ? []
      : [
          {
            name: plan,
            title,
            productId: `stipend_plan_${plan}`,
            lookupKey: `stipend_plan_${plan}_${interval}`,
            interval,
            cents,
          },
        ]
  return [
    ...plans.flatMap((plan) => [
      ...ofPlan(plan.plan, plan.name, 'month', plan.priceUsdCents),
      ...ofPlan(plan.plan, plan.name, 'year', plan.annualPriceUsdCents),
    ]),
    ...packages.map(
      ({ id, name, priceUsdCents: cents }): Sale => ({
        name: id,
        title: name,
        productId: `stipend_topup_${id}`,
        lookupKey: `stipend_topup_${id}`,
        interval: null,
        cents,
      }),
    ),
  ]
}

const currency = 'usd'

async function syncSale(context: StripeContext, sale: Sale): Promise<SyncStep[]> {
  const { stripe, engine } = context
  const product = await syncProduct(stripe, sale)
  const { data } = await ask(() =>
    stripe.prices.list({ lookup_keys: [sale.lookupKey], active: true, limit: 1 }),
  )
  const [found] = data
  const fits =
    found?.unit_amount === sale.cents &&
    found.currency === currency &&
    (found.recurring?.interval ?? null) === sale.interval
  const price = fits
    ? found
    : await ask(() =>
        stripe.prices.create({
          product: sale.productId,
          currency,
          unit_amount: sale.cents,
          lookup_key: sale.lookupKey,
          transfer_lookup_key: true,
          ...(sale.interval === null ? {} : { recurring: { interval: sale.interval } }),
        }),
      )
  await engine.billing.putStripePrice({
    name: sale.name,
    interval: sale.interval,
    productId: sale.productId,
    priceId: price.id,
    unitAmountCents: sale.cents,
    currency,
  })
  const steps: SyncStep[] = [
    product,
    { what: 'price', name: sale.lookupKey, did: fits ? 'unchanged' : 'created', id: price.id },
  ]
  if (!fits && found !== undefined) {
    await ask(() => stripe.prices.update(found.id, { active: false }))
    steps.push({ what: 'price', name: sale.lookupKey, did: 'archived', id: found.id })
  }
  return steps
}

async function syncProduct(stripe: Stripe, { productId: id, title }: Sale): Promise<SyncStep> {
  const found = await stripe.products.retrieve(id).catch((error: unknown) => {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404) return null
    throw error
  })
  if (found === null) {
    await ask(() => stripe.products.create({ id, name: title }))
    return { what: 'product', name: title, did: 'created', id }
  }
  if (found.name === title && found.active) return { what: 'product', name: title, did: 'unchanged', id }
  await ask(() => stripe.products.update(id, { name: title, active: true }))
  return { what: 'product', name: title, did: 'updated', id }
}

async function syncWebhook({ stripe }: StripeContext, url: string): Promise<SyncStep> {
  const { data } = await ask(() => stripe.webhookEndpoints.list({ limit: 100 }))
  const found = data.find((endpoint) => endpoint.url === url)
  const events = [...handledEvents]
  if (found === undefined) {
    const { id, secret } = await ask(() => stripe.webhookEndpoints.create({ url, enabled_events: events }))
    return { what: 'webhook', name: url, did: 'created', id, ...(secret === undefined ? {} : { secret }) }
  }
  const isSame = events.every((event) => found.enabled_events.includes(event))
  if (isSame) return { what: 'webhook', name: url, did: 'unchanged', id: found.id }
  await ask(() => stripe.webhookEndpoints.update(found.id, { enabled_events: events }))
  return { what: 'webhook', name: url, did: 'updated', id: found.id }
}

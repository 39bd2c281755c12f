import {
  type Actor,
  type BillingInterval,
  errorOf,
  invalid,
  type PlanOffer,
  type StripePrice,
} from '@stipend/engine'
import type Stripe from 'stripe'
import { type Checkout, subscribe } from './checkout.ts'
import { ask, type StripeContext } from './context.ts'
import { convergeSubscription } from './converge.ts'
import { findSubscription, readSubscription } from './read-subscription.ts'

/** What a change of plan would do, before anybody agrees to it. Money in cents of `currency`, credits as numbers of the plan. */
export interface PlanPreview {
  kind: 'subscribe' | 'upgrade' | 'downgrade' | 'cancel' | 'resume' | 'none'
  plan: string
  interval: BillingInterval
  dueNowCents: number
  currency: string
  /** Monthly credits of the plan less those already allocated in this period; null: unlimited. */
  creditsNow: number | null
  effectiveAt: Date
  /** The next regular invoice; 0: none. */
  nextInvoiceCents: number
  nextInvoiceAt: Date | null
  /** To be given to upgrade(), so that the amount stays that of the preview. */
  prorationDate: number | null
}

export interface PlanChangeInput {
  organizationId: string
  plan: string
  interval?: BillingInterval | undefined
}

/** Where an organization stands, and where it wants to go. */
interface Change {
  organizationId: string
  customerId: string | null
  running: { subscription: Stripe.Subscription; item: Stripe.SubscriptionItem; price: StripePrice } | null
  /** Of the subscription's item: another one than the effective plan's waits for the period's end. */
  ordered: StripePrice | null
  periodEnd: Date | null
  interval: BillingInterval
  current: PlanOffer
  wanted: PlanOffer
  /** null: a plan without a price. */
  wantedPrice: StripePrice | null
  monthlyAllocation: number
}

const dearest = (a: PlanOffer, b: PlanOffer) => a.priceUsdCents - b.priceUsdCents

/** @throws StipendError `invalid_request` for a plan that is not sold so, `payments_not_configured` before `stripe sync` */
async function readChange(context: StripeContext, input: PlanChangeInput): Promise<Change> {
  const { engine } = context
  const [state, plans] = await Promise.all([
    engine.billing.getState(input.organizationId),
    engine.listPlans(),
  ])
  const wanted = plans.find(({ plan }) => plan === input.plan)
  const current = plans.find(({ plan }) => plan === state.plan)
  if (wanted === undefined)
    throw invalid('plan', `must be one of ${plans.map(({ plan }) => plan).join(', ')}`)
  if (current === undefined) throw errorOf('internal')
  const found = state.customerId === null ? null : await findSubscription(context, state.customerId)
  const isRunning = found !== null && found.subscription.status !== 'canceled'
  const reading = isRunning ? await readSubscription(context, found.subscription, found.prices) : null
  const item = found?.subscription.items.data.find(({ price }) => found.prices.has(price.id))
  const prices = await engine.billing.listStripePrices()
  const interval = input.interval ?? reading?.interval ?? 'month'
  const effective = reading?.paidPrice ?? null
  return {
    organizationId: input.organizationId,
    customerId: state.customerId,
    running:
      isRunning && item !== undefined && effective !== null
        ? { subscription: found.subscription, item, price: effective }
        : null,
    ordered: item === undefined ? null : (found?.prices.get(item.price.id) ?? null),
    periodEnd: reading?.paidUntil ?? null,
    interval,
    current,
    wanted,
    wantedPrice: priceOf(wanted, interval, prices),
    monthlyAllocation: state.monthlyAllocation / 100,
  }
}

function priceOf(wanted: PlanOffer, interval: BillingInterval, prices: StripePrice[]): StripePrice | null {
  if (wanted.priceUsdCents === 0) return null
  const cents = interval === 'year' ? wanted.annualPriceUsdCents : wanted.priceUsdCents
  if (cents === null) throw invalid('interval', `must be month: ${wanted.plan} is not sold by the year`)
  const price = prices.find(
    (one) =>
      one.isCurrent && one.plan === wanted.plan && one.interval === interval && one.unitAmountCents === cents,
  )
  if (price !== undefined) return price
  const message = `Plan ${wanted.plan} has no price at Stripe yet.`
  throw errorOf('payments_not_configured', { message, command: 'stipend stripe sync' })
}

/** What the change is. A year instead of a month is an upgrade; a month instead of a year waits for the year's end. */
function kindOf(change: Change): PlanPreview['kind'] {
  const { running, wanted, wantedPrice, ordered, interval } = change
  if (wantedPrice === null) return running === null ? 'none' : 'cancel'
  if (running === null) return 'subscribe'
  const { price, subscription } = running
  if (wanted.plan === price.plan && interval === price.interval) {
    const isLeaving = subscription.cancel_at_period_end || ordered?.priceId !== price.priceId
    return isLeaving ? 'resume' : 'none'
  }
  if (interval === 'month' && price.interval === 'year') {
    throw invalid(
      'interval',
      'must be year: what is paid by the year changes to the month when it has ended; cancel it first',
    )
  }
  const isHigher = dearest(wanted, change.current) > 0
  return isHigher || interval !== price.interval ? 'upgrade' : 'downgrade'
}

/** Says what a change would cost and bring. Changes nothing. */
export async function previewPlan(context: StripeContext, input: PlanChangeInput): Promise<PlanPreview> {
  const change = await readChange(context, input)
  const kind = kindOf(change)
  const { wanted, wantedPrice, running, periodEnd } = change
  const now = new Date()
  const price = wantedPrice?.unitAmountCents ?? 0
  const shared = {
    kind,
    plan: wanted.plan,
    interval: change.interval,
    dueNowCents: 0,
    currency: wantedPrice?.currency ?? 'usd',
    creditsNow: 0,
    effectiveAt: now,
    nextInvoiceCents: price,
    nextInvoiceAt: periodEnd,
    prorationDate: null,
  }
  const monthly = wanted.monthlyCredits === null ? null : wanted.monthlyCredits / 100
  switch (kind) {
    case 'subscribe':
      return {
        ...shared,
        dueNowCents: price,
        creditsNow: monthly,
        nextInvoiceAt: after(now, change.interval),
      }
    case 'upgrade': {
      if (running === null || wantedPrice === null || change.customerId === null) throw errorOf('internal')
      const isNewPeriod = running.price.interval !== change.interval
      const prorationDate = prorationNow(running.subscription, now)
      const preview = await ask(() =>
        context.stripe.invoices.createPreview({
          customer: change.customerId ?? '',
          subscription: running.subscription.id,
          subscription_details: {
            items: [{ id: running.item.id, price: wantedPrice.priceId }],
            proration_behavior: 'always_invoice',
            ...(prorationDate === null ? {} : { proration_date: prorationDate }),
          },
        }),
      )
      return {
        ...shared,
        dueNowCents: preview.amount_due,
        currency: preview.currency,
        creditsNow:
          monthly === null ? null : Math.max(monthly - (isNewPeriod ? 0 : change.monthlyAllocation), 0),
        nextInvoiceAt: isNewPeriod ? after(now, change.interval) : periodEnd,
        prorationDate,
      }
    }
    case 'downgrade':
    case 'cancel':
      return {
        ...shared,
        effectiveAt: periodEnd ?? now,
        nextInvoiceAt: kind === 'cancel' ? null : periodEnd,
      }
    default:
      return shared
  }
}

/** A subscription on a test clock has a time of its own: within its period. */
function prorationNow({ items }: Stripe.Subscription, now: Date): number | null {
  const seconds = Math.floor(now.getTime() / 1000)
  const item = items.data[0]
  if (item === undefined) return null
  return seconds >= item.current_period_start && seconds < item.current_period_end ? seconds : null
}

function after(time: Date, interval: BillingInterval): Date {
  const next = new Date(time)
  const months = interval === 'year' ? 12 : 1
  next.setUTCMonth(next.getUTCMonth() + months)
  if (next.getUTCDate() !== time.getUTCDate()) next.setUTCDate(0)
  return next
}

export type Upgrade = ({ status: 'checkout' } & Checkout) | { status: 'changed' | 'processing' }

/**
 * A first subscription goes to Stripe's page; a higher plan is charged to the card at once and takes effect when that is
 * paid. @throws StipendError `payment_declined` with where to pay instead; nothing has changed then
 */
export async function upgradePlan(
  context: StripeContext,
  input: PlanChangeInput & { actor: Actor; prorationDate?: number | undefined },
): Promise<Upgrade> {
  const change = await readChange(context, input)
  const kind = kindOf(change)
  const { running, wantedPrice, organizationId, wanted } = change
  if (kind === 'subscribe' && wantedPrice !== null) {
    const { priceId } = wantedPrice
    const checkout = await subscribe(context, {
      organizationId,
      plan: wanted.plan,
      priceId,
      actor: input.actor,
    })
    return { status: 'checkout', ...checkout }
  }
  if (kind !== 'upgrade' || running === null || wantedPrice === null) {
    throw invalid('plan', `must be higher than ${change.current.plan}: see POST /billing/preview`)
  }
  requireRecent(running.subscription, input.prorationDate)
  await undoPending(context, running)
  const subscription = await ask(() =>
    context.stripe.subscriptions.update(running.subscription.id, {
      items: [{ id: running.item.id, price: wantedPrice.priceId }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
      ...(input.prorationDate === undefined ? {} : { proration_date: input.prorationDate }),
      expand: ['latest_invoice'],
    }),
  )
  await converge(context, change)
  if (subscription.pending_update === null) return { status: 'changed' }
  const invoice = typeof subscription.latest_invoice === 'object' ? subscription.latest_invoice : null
  throw errorOf('payment_declined', {
    payUrl: invoice?.hosted_invoice_url ?? null,
    amountCents: invoice?.amount_remaining ?? null,
    currency: invoice?.currency ?? null,
  })
}

/** Of a preview that was made within the hour, in the period that runs. */
function requireRecent(subscription: Stripe.Subscription, prorationDate: number | undefined): void {
  if (prorationDate === undefined) return
  const age = Date.now() / 1000 - prorationDate
  const [item] = subscription.items.data
  const isInPeriod =
    item !== undefined &&
    prorationDate >= item.current_period_start &&
    prorationDate < item.current_period_end
  if (age > 3_600 || age < -60 || !isInPeriod) {
    throw invalid('prorationDate', 'must be that of a preview made within the last hour')
  }
}

/** A lower plan from the period's end on; until then it can be taken back by resumePlan(). */
export async function downgradePlan(context: StripeContext, input: PlanChangeInput): Promise<void> {
  const change = await readChange(context, input)
  const kind = kindOf(change)
  if (kind === 'cancel') return await cancelPlan(context, input.organizationId)
  const { running, wantedPrice } = change
  if (kind !== 'downgrade' || running === null || wantedPrice === null) {
    throw invalid('plan', `must be lower than ${change.current.plan}: see POST /billing/preview`)
  }
  await ask(() =>
    context.stripe.subscriptions.update(running.subscription.id, {
      items: [{ id: running.item.id, price: wantedPrice.priceId }],
      proration_behavior: 'none',
      cancel_at_period_end: false,
    }),
  )
  await converge(context, change)
}

/** The subscription ends with its period. */
export async function cancelPlan(context: StripeContext, organizationId: string): Promise<void> {
  const change = await runningChange(context, organizationId)
  await ask(() =>
    context.stripe.subscriptions.update(change.running.subscription.id, { cancel_at_period_end: true }),
  )
  await converge(context, change)
}

/** Takes back a cancellation or a lower plan that has not begun. Where there is none it changes nothing. */
export async function resumePlan(context: StripeContext, organizationId: string): Promise<void> {
  const change = await runningChange(context, organizationId)
  await undoPending(context, change.running)
  await converge(context, change)
}

async function runningChange(context: StripeContext, organizationId: string) {
  const { plan } = await context.engine.billing.getState(organizationId)
  const change = await readChange(context, { organizationId, plan })
  const { running } = change
  if (running === null) throw invalid('plan', 'is not a subscription: there is nothing to end or to resume')
  return { ...change, running }
}

async function undoPending(
  { stripe }: StripeContext,
  { subscription, item, price }: NonNullable<Change['running']>,
): Promise<void> {
  const isOtherPrice = item.price.id !== price.priceId
  if (!isOtherPrice && !subscription.cancel_at_period_end) return
  await ask(() =>
    stripe.subscriptions.update(subscription.id, {
      cancel_at_period_end: false,
      ...(isOtherPrice
        ? { items: [{ id: item.id, price: price.priceId }], proration_behavior: 'none' as const }
        : {}),
    }),
  )
}

async function converge(context: StripeContext, { organizationId, customerId }: Change): Promise<void> {
  if (customerId !== null) await convergeSubscription(context, organizationId, customerId)
}

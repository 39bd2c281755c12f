import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { nextBoundary, type Recurrence } from '../periods.ts'
import { idOf, type World } from '../world.ts'

export interface SubscriptionInput {
  customer: Stripe.Customer
  items: readonly { price: Stripe.Price; quantity: number }[]
  metadata: Record<string, string>
  defaultPaymentMethod: string | null
  cancelAtPeriodEnd?: boolean
}

/** Recurrence of a price. @throws ApiError for one that is paid once */
export function recurrenceOf(price: Stripe.Price): Recurrence {
  if (price.recurring === null) {
    throw invalidRequest(`The price specified is set to \`type=one_time\`: ${price.id}.`, 'items[0][price]')
  }
  const { interval, interval_count: count } = price.recurring
  return { interval: interval as Recurrence['interval'], interval_count: count }
}

/** One that has not begun, not stored. */
export function buildSubscription(world: World, input: SubscriptionInput): Stripe.Subscription {
  const { store, clock } = world
  const { customer } = input
  const id = store.newId('subscription')
  const now = clock.nowOf(customer.id)
  const [first] = input.items
  if (first === undefined)
    throw invalidRequest('Missing required param: items.', 'items', 'parameter_missing')
  const items = input.items.map(({ price, quantity }) => buildItem(world, id, price, quantity, now, now))
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: now,
    billing_cycle_anchor_config: null,
    billing_mode: { type: 'classic' } as Stripe.Subscription.BillingMode,
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: input.cancelAtPeriodEnd ?? false,
    canceled_at: null,
    cancellation_details: null,
    collection_method: 'charge_automatically',
    created: now,
    currency: first.price.currency,
    customer: customer.id,
    customer_account: null,
    days_until_due: null,
    default_payment_method: input.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: {
      object: 'list',
      url: `/v1/subscription_items?subscription=${id}`,
      has_more: false,
      data: items,
    },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: { ...input.metadata },
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: 'off',
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: 'incomplete',
    test_clock: idOf(customer.test_clock),
    transfer_data: null,
    trial_end: null,
    trial_settings: null,
    trial_start: null,
  }
}

export function buildItem(
  world: World,
  subscription: string,
  price: Stripe.Price,
  quantity: number,
  start: number,
  anchor: number,
): Stripe.SubscriptionItem {
  return {
    id: `si_${world.store.newSuffix()}`,
    object: 'subscription_item',
    billing_thresholds: null,
    created: start,
    current_period_end: nextBoundary(anchor, recurrenceOf(price), start),
    current_period_start: start,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planOf(price),
    price: structuredClone(price),
    quantity,
    subscription,
    tax_rates: [],
  }
}

/** The older form of a recurring price. */
export function planOf(price: Stripe.Price): Stripe.Plan {
  const { interval, interval_count: count } = recurrenceOf(price)
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval,
    interval_count: count,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }
}

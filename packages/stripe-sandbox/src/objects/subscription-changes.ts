import type Stripe from 'stripe'
import { ApiError, invalidRequest } from '../api-error.ts'
import type { Parameters } from '../parameters.ts'
import { boundary, nextBoundary } from '../periods.ts'
import { idOf, type World } from '../world.ts'
import { finalize, tryToPay } from './invoice-actions.ts'
import { buildInvoice, type InvoiceInput, type LineInput } from './invoice-object.ts'
import { resolvePaymentMethod } from './payment-methods.ts'
import { type ItemChange, periodLines, prorationLines } from './proration.ts'
import { planOf, recurrenceOf } from './subscription-object.ts'
import { setStatus } from './subscription-status.ts'

export const prorationBehaviors = ['create_prorations', 'always_invoice', 'none'] as const
export type ProrationBehavior = (typeof prorationBehaviors)[number]

/** Items as a request changes them. Unnamed ones stay. */
export function itemChanges(
  world: World,
  subscription: Stripe.Subscription,
  items: readonly Parameters[],
): ItemChange[] {
  return items.map((given) => {
    given.allow(['id', 'price', 'quantity', 'metadata', 'deleted', 'plan'])
    const id = given.text('id') ?? subscription.items.data[0]?.id ?? ''
    const item = subscription.items.data.find((one) => one.id === id)
    if (item === undefined)
      throw invalidRequest(`No such subscription item: '${id}'`, 'items[0][id]', 'resource_missing')
    const priceId = given.text('price') ?? given.text('plan')
    const price = priceId === undefined ? item.price : world.store.get('price', priceId, 'items[0][price]')
    recurrenceOf(price)
    return { item, price, quantity: given.integer('quantity') ?? item.quantity ?? 1 }
  })
}

const isChanged = ({ item, price, quantity }: ItemChange) =>
  price.id !== item.price.id || quantity !== (item.quantity ?? 1)

/** Another interval begins a new cycle, paid at once. */
export function restartsCycle(changes: readonly ItemChange[]): boolean {
  return changes.some(({ item, price }) => {
    const [before, after] = [recurrenceOf(item.price), recurrenceOf(price)]
    return before.interval !== after.interval || before.interval_count !== after.interval_count
  })
}

/** The lines that a change brings now. */
export function changeLines(
  world: World,
  subscription: Stripe.Subscription,
  changes: readonly ItemChange[],
  behavior: ProrationBehavior,
  at: number,
): LineInput[] {
  const changed = changes.filter(isChanged)
  if (!restartsCycle(changes))
    return behavior === 'none' ? [] : prorationLines(world, subscription, changed, at)
  const credits =
    behavior === 'none'
      ? []
      : prorationLines(world, subscription, changed, at).filter(({ amount }) => amount < 0)
  return [...credits, ...periodLines(world, subscription.id, restarted(changes, at))]
}

function restarted(changes: readonly ItemChange[], at: number): Stripe.SubscriptionItem[] {
  return changes.map(({ item, price, quantity }) => ({
    ...structuredClone(item),
    price: structuredClone(price),
    plan: planOf(price),
    quantity,
    current_period_start: at,
    current_period_end: boundary(at, recurrenceOf(price), 1),
  }))
}

function changedItems(changes: readonly ItemChange[], at: number): Stripe.SubscriptionItem[] {
  if (restartsCycle(changes)) return restarted(changes, at)
  return changes.map(({ item, price, quantity }) => ({
    ...structuredClone(item),
    price: structuredClone(price),
    plan: planOf(price),
    quantity,
  }))
}

export const updateParameters = [
  'items',
  'proration_behavior',
  'proration_date',
  'payment_behavior',
  'cancel_at_period_end',
  'cancel_at',
  'metadata',
  'default_payment_method',
  'description',
  'off_session',
  'cancellation_details',
] as const

export function updateSubscription(
  world: World,
  subscription: Stripe.Subscription,
  parameters: Parameters,
): Stripe.Subscription {
  if (subscription.status === 'canceled') {
    throw invalidRequest('A canceled subscription can only update its cancellation_details and metadata.')
  }
  const behavior = parameters.oneOf('proration_behavior', prorationBehaviors) ?? 'create_prorations'
  const payment =
    parameters.oneOf('payment_behavior', [
      'allow_incomplete',
      'default_incomplete',
      'error_if_incomplete',
      'pending_if_incomplete',
    ]) ?? 'allow_incomplete'
  const isPending = payment === 'pending_if_incomplete'
  if (
    isPending &&
    ['cancel_at_period_end', 'metadata', 'default_payment_method', 'cancel_at'].some((name) =>
      parameters.has(name),
    )
  ) {
    throw invalidRequest(
      'When `payment_behavior` is `pending_if_incomplete` only items and prorations can be changed.',
    )
  }
  const changes = itemChanges(world, subscription, parameters.list('items')).filter(isChanged)
  const now = world.clock.nowOf(idOf(subscription.customer))
  const at = parameters.integer('proration_date') ?? now
  const previous = previousOf(subscription)
  simpleChanges(world, subscription, parameters)
  if (changes.length > 0) {
    const lines = changeLines(world, subscription, changes, behavior, at)
    const isInvoiced = behavior === 'always_invoice' || restartsCycle(changes)
    if (lines.length > 0 && isInvoiced) {
      const isPaid = invoiceNow(world, subscription, lines, { at, payment })
      if (!isPaid && isPending) {
        setPending(world, subscription, changedItems(changes, at), now)
        return subscription
      }
      if (!isPaid) subscription.status = 'past_due'
    } else for (const line of lines) addPendingItem(world, subscription, line)
    for (const item of changedItems(changes, at)) {
      const index = subscription.items.data.findIndex(({ id }) => id === item.id)
      subscription.items.data[index] = item
    }
    if (restartsCycle(changes)) subscription.billing_cycle_anchor = at
    subscription.pending_update = null
  }
  world.store.changed()
  world.emit('customer.subscription.updated', subscription, previous)
  return subscription
}

function previousOf({ items, cancel_at_period_end, status }: Stripe.Subscription): Record<string, unknown> {
  return structuredClone({ items, cancel_at_period_end, status })
}

function simpleChanges(world: World, subscription: Stripe.Subscription, parameters: Parameters): void {
  const now = world.clock.nowOf(idOf(subscription.customer))
  const ends = parameters.boolean('cancel_at_period_end')
  if (ends !== undefined) {
    subscription.cancel_at_period_end = ends
    subscription.canceled_at = ends ? now : null
    subscription.cancel_at = ends ? (subscription.items.data[0]?.current_period_end ?? null) : null
    subscription.cancellation_details = ends
      ? { comment: null, feedback: null, feedback_option: null, reason: 'cancellation_requested' }
      : null
  }
  const cancelAt = parameters.integer('cancel_at')
  if (cancelAt !== undefined) subscription.cancel_at = cancelAt
  subscription.metadata = parameters.metadata(subscription.metadata)
  subscription.description = parameters.text('description') ?? subscription.description
  const method = parameters.text('default_payment_method')
  if (method !== undefined) subscription.default_payment_method = resolvePaymentMethod(world, method).id
}

/** An invoice of the change, finalized and charged. False: it could not be paid. */
function invoiceNow(
  world: World,
  subscription: Stripe.Subscription,
  lines: readonly LineInput[],
  { at, payment }: { at: number; payment: string },
): boolean {
  const invoice = makeInvoice(world, subscription, 'subscription_update', lines, { start: at, end: at })
  const before = subscription.latest_invoice
  subscription.latest_invoice = invoice.id
  finalize(world, invoice)
  if (invoice.status === 'paid' || payment === 'default_incomplete') return true
  if (tryToPay(world, invoice)) return invoice.status === 'paid' || payment !== 'pending_if_incomplete'
  if (payment !== 'error_if_incomplete') return false
  subscription.latest_invoice = before
  invoice.status = 'void'
  throw new ApiError(402, {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
  })
}

export function makeInvoice(
  world: World,
  subscription: Stripe.Subscription,
  reason: InvoiceInput['reason'],
  lines: readonly LineInput[],
  period: { start: number; end: number },
): Stripe.Invoice {
  const customer = world.store.get('customer', idOf(subscription.customer) ?? '')
  const invoice = buildInvoice(world, {
    customer,
    subscription,
    reason,
    currency: subscription.currency,
    lines: [...pendingLines(world, subscription), ...lines],
    period,
  })
  world.store.notes(subscription.id)['pendingLines'] = []
  world.store.put('invoice', invoice)
  if (reason !== 'subscription_cycle') world.emit('invoice.created', invoice)
  return invoice
}

const pendingHours = 23

function setPending(
  world: World,
  subscription: Stripe.Subscription,
  items: Stripe.SubscriptionItem[],
  now: number,
): void {
  subscription.pending_update = {
    billing_cycle_anchor: null,
    cancel_at_period_end: null,
    discount: null,
    discounts: null,
    expires_at: now + pendingHours * 3_600,
    metadata: null,
    subscription_items: items,
    trial_end: null,
    trial_from_plan: null,
  } as Stripe.Subscription.PendingUpdate
  world.store.changed()
  world.emit('customer.subscription.updated', subscription, { pending_update: null })
}

/** Prorations that wait for the next invoice. */
export function pendingLines(world: World, subscription: Stripe.Subscription): LineInput[] {
  const kept = world.store.notes(subscription.id)['pendingLines']
  return Array.isArray(kept) ? (kept as LineInput[]) : []
}

function addPendingItem(world: World, subscription: Stripe.Subscription, line: LineInput): void {
  world.store.notes(subscription.id)['pendingLines'] = [...pendingLines(world, subscription), line]
}

/** The next period begins: its invoice is drafted by whoever calls. */
export function advancePeriod(world: World, subscription: Stripe.Subscription): void {
  const previous = previousOf(subscription)
  for (const item of subscription.items.data) {
    item.current_period_start = item.current_period_end
    item.current_period_end = nextBoundary(
      subscription.billing_cycle_anchor,
      recurrenceOf(item.price),
      item.current_period_start,
    )
  }
  world.store.changed()
  world.emit('customer.subscription.updated', subscription, previous)
}

/** The pending change was not paid in time. */
export function expirePendingUpdate(world: World, subscription: Stripe.Subscription): void {
  subscription.pending_update = null
  world.store.changed()
  world.emit('customer.subscription.pending_update_expired', subscription)
  setStatus(world, subscription, subscription.status)
}

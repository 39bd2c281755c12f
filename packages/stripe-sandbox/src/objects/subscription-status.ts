import type Stripe from 'stripe'
import { idOf, type World } from '../world.ts'

/** What a paid invoice means for its subscription. */
export function invoicePaid(world: World, invoice: Stripe.Invoice): void {
  const subscription = find(world, invoice)
  if (subscription === undefined || subscription.status === 'canceled') return
  if (idOf(subscription.latest_invoice) === invoice.id && subscription.pending_update !== null) {
    applyPendingUpdate(world, subscription)
    return
  }
  if (['incomplete', 'past_due', 'unpaid'].includes(subscription.status))
    setStatus(world, subscription, 'active')
}

/** What one that could not be paid means. */
export function invoiceUnpaid(world: World, invoice: Stripe.Invoice): void {
  const subscription = find(world, invoice)
  if (subscription === undefined || subscription.status === 'canceled') return
  if (invoice.billing_reason !== 'subscription_cycle') return
  if (invoice.next_payment_attempt !== null) {
    if (subscription.status === 'active') setStatus(world, subscription, 'past_due')
  } else if (world.afterRetries === 'unpaid') setStatus(world, subscription, 'unpaid')
  else cancelNow(world, subscription, 'payment_failed')
}

export function setStatus(
  world: World,
  subscription: Stripe.Subscription,
  status: Stripe.Subscription.Status,
): void {
  const previous = { status: subscription.status }
  subscription.status = status
  world.store.changed()
  world.emit('customer.subscription.updated', subscription, previous)
}

export function cancelNow(
  world: World,
  subscription: Stripe.Subscription,
  reason: 'cancellation_requested' | 'payment_failed',
): Stripe.Subscription {
  const now = world.clock.nowOf(idOf(subscription.customer))
  subscription.status = 'canceled'
  subscription.canceled_at ??= now
  subscription.ended_at = now
  subscription.cancellation_details = { comment: null, feedback: null, feedback_option: null, reason }
  subscription.pending_update = null
  for (const invoice of world.store.all('invoice')) {
    const isOpen = invoice.status === 'draft' || invoice.next_payment_attempt !== null
    if (!isOpen || idOf(invoice.parent?.subscription_details?.subscription) !== subscription.id) continue
    invoice.auto_advance = false
    invoice.next_payment_attempt = null
    invoice.automatically_finalizes_at = null
  }
  world.store.changed()
  world.emit('customer.subscription.deleted', subscription)
  return subscription
}

function applyPendingUpdate(world: World, subscription: Stripe.Subscription): void {
  const items = subscription.pending_update?.subscription_items ?? []
  const previous = { items: structuredClone(subscription.items), pending_update: subscription.pending_update }
  for (const item of items) {
    const index = subscription.items.data.findIndex(({ id }) => id === item.id)
    if (index !== -1) subscription.items.data[index] = item
  }
  subscription.pending_update = null
  world.store.changed()
  world.emit('customer.subscription.pending_update_applied', subscription)
  world.emit('customer.subscription.updated', subscription, previous)
}

function find(world: World, invoice: Stripe.Invoice): Stripe.Subscription | undefined {
  const id = idOf(invoice.parent?.subscription_details?.subscription)
  return id === null ? undefined : world.store.find('subscription', id)
}

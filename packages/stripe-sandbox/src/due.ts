import type Stripe from 'stripe'
import { expireSession } from './objects/checkout-sessions.ts'
import { finalize, scheduleFinalization, tryToPay, voidInvoice } from './objects/invoice-actions.ts'
import { periodLines } from './objects/proration.ts'
import { advancePeriod, expirePendingUpdate, makeInvoice } from './objects/subscription-changes.ts'
import { cancelNow } from './objects/subscription-status.ts'
import { idOf, type World } from './world.ts'

/** Something that time brings. */
interface Due {
  at: number
  run: () => void
}

/**
 * Does what has become due of everything on a test clock (null: of everything that is on none) until a moment, in the
 * order in which it was due; `reach` sets the clock to each before it is done.
 */
export function runDue(
  world: World,
  testClock: string | null,
  until: number,
  reach: (at: number) => void,
): void {
  for (;;) {
    const [next] = dueOf(world, testClock).sort((a, b) => a.at - b.at)
    if (next === undefined || next.at > until) return
    reach(next.at)
    next.run()
    world.store.changed()
  }
}

function dueOf(world: World, testClock: string | null): Due[] {
  const { store, clock } = world
  const isHere = (customer: string | { id: string } | null | undefined) =>
    clock.testClockOf(idOf(customer)) === testClock
  return [
    ...store
      .all('subscription')
      .flatMap((subscription) => (isHere(subscription.customer) ? subscriptionDue(world, subscription) : [])),
    ...store
      .all('invoice')
      .flatMap((invoice) => (isHere(invoice.customer) ? invoiceDue(world, invoice) : [])),
    ...store
      .all('checkout_session')
      .filter((session) => session.status === 'open' && isHere(session.customer))
      .map((session) => ({ at: session.expires_at, run: () => expireSession(world, session) })),
  ]
}

const running: ReadonlySet<string> = new Set(['active', 'past_due', 'unpaid', 'trialing'])

function subscriptionDue(world: World, subscription: Stripe.Subscription): Due[] {
  if (subscription.status === 'incomplete') {
    return [
      {
        at: subscription.created + pendingHours * 3_600,
        run: () => {
          subscription.status = 'incomplete_expired'
          world.emit('customer.subscription.updated', subscription, { status: 'incomplete' })
        },
      },
    ]
  }
  if (!running.has(subscription.status)) return []
  const due: Due[] = []
  const { pending_update: pending, cancel_at: cancelAt } = subscription
  if (pending !== null) due.push({ at: pending.expires_at, run: () => expirePending(world, subscription) })
  if (cancelAt !== null) {
    due.push({ at: cancelAt, run: () => cancelNow(world, subscription, 'cancellation_requested') })
  }
  const [item] = subscription.items.data
  if (item !== undefined && (cancelAt === null || cancelAt > item.current_period_end)) {
    due.push({ at: item.current_period_end, run: () => renew(world, subscription) })
  }
  return due
}

const pendingHours = 23

function expirePending(world: World, subscription: Stripe.Subscription): void {
  const invoice = world.store.find('invoice', idOf(subscription.latest_invoice) ?? '')
  expirePendingUpdate(world, subscription)
  if (invoice?.status === 'open') voidInvoice(world, invoice)
}

function renew(world: World, subscription: Stripe.Subscription): void {
  const [before] = subscription.items.data
  const period = { start: before?.current_period_start ?? 0, end: before?.current_period_end ?? 0 }
  advancePeriod(world, subscription)
  const lines = periodLines(world, subscription.id, subscription.items.data)
  const invoice = makeInvoice(world, subscription, 'subscription_cycle', lines, period)
  subscription.latest_invoice = invoice.id
  scheduleFinalization(world, invoice)
}

function invoiceDue(world: World, invoice: Stripe.Invoice): Due[] {
  if (invoice.status === 'draft' && typeof invoice.automatically_finalizes_at === 'number') {
    return [
      {
        at: invoice.automatically_finalizes_at,
        run: () => {
          finalize(world, invoice)
          if (invoice.status === 'open') tryToPay(world, invoice)
        },
      },
    ]
  }
  if (invoice.status === 'open' && invoice.next_payment_attempt !== null) {
    return [{ at: invoice.next_payment_attempt, run: () => void retry(world, invoice) }]
  }
  return []
}

function retry(world: World, invoice: Stripe.Invoice): void {
  invoice.next_payment_attempt = null
  tryToPay(world, invoice)
}

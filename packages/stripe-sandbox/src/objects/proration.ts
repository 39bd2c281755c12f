import type Stripe from 'stripe'
import { idOf, type World } from '../world.ts'
import type { LineInput } from './invoice-object.ts'

/** An item of a subscription, and what it becomes. */
export interface ItemChange {
  item: Stripe.SubscriptionItem
  price: Stripe.Price
  quantity: number
}

const lineAmount = (price: Stripe.Price, quantity: number) => (price.unit_amount ?? 0) * quantity

/**
 * The unused time of what was and the remaining time of what becomes, to the second, each rounded to a cent.
 * https://docs.stripe.com/billing/subscriptions/prorations
 */
export function prorationLines(
  world: World,
  subscription: Stripe.Subscription,
  changes: readonly ItemChange[],
  at: number,
): LineInput[] {
  return changes.flatMap(({ item, price, quantity }) => {
    const { current_period_start: start, current_period_end: end } = item
    const share = Math.max(end - at, 0) / (end - start)
    const line = (of: Stripe.Price, count: number, sign: 1 | -1, words: string): LineInput => ({
      price: of,
      quantity: count,
      amount: sign * Math.round(lineAmount(of, count) * share),
      description: `${words} ${titleOf(world, of)} after ${day(at)}`,
      period: { start: at, end },
      proration: true,
      subscription: subscription.id,
      subscriptionItem: item.id,
      invoiceItem: null,
    })
    return [
      line(item.price, item.quantity ?? 1, -1, 'Unused time on'),
      line(price, quantity, 1, 'Remaining time on'),
    ]
  })
}

/** A whole period of each item. */
export function periodLines(
  world: World,
  subscription: string,
  items: readonly Stripe.SubscriptionItem[],
): LineInput[] {
  return items.map((item) => ({
    price: item.price,
    quantity: item.quantity ?? 1,
    amount: lineAmount(item.price, item.quantity ?? 1),
    description: `${item.quantity ?? 1} × ${titleOf(world, item.price)}`,
    period: { start: item.current_period_start, end: item.current_period_end },
    proration: false,
    subscription,
    subscriptionItem: item.id,
    invoiceItem: null,
  }))
}

export function titleOf(world: World, price: Stripe.Price): string {
  return world.store.find('product', idOf(price.product) ?? '')?.name ?? price.id
}

const day = (seconds: number) =>
  new Date(seconds * 1000).toLocaleDateString('en-GB', {
    timeZone: 'UTC',
    day: '2-digit',
    month: 'short',
    year: 'numeric',
  })

import type Stripe from 'stripe'
import { ApiError } from '../api-error.ts'
import { createdWithin, listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'
import { finalize, pay, tryToPay } from './invoice-actions.ts'
import { attach, resolvePaymentMethod } from './payment-methods.ts'
import { priceOf } from './prices.ts'
import { periodLines } from './proration.ts'
import { makeInvoice, updateParameters, updateSubscription } from './subscription-changes.ts'
import { buildSubscription, type SubscriptionInput } from './subscription-object.ts'
import { cancelNow } from './subscription-status.ts'

const createParameters = [
  'customer',
  'items',
  'metadata',
  'default_payment_method',
  'payment_behavior',
  'payment_settings',
  'cancel_at_period_end',
  'off_session',
  'description',
  'proration_behavior',
  'collection_method',
] as const

export function subscriptionRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/subscriptions'
  return [
    { method: 'POST', path, accepts: createParameters, handle: (parameters) => create(world, parameters) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'customer', 'status', 'price', 'created', 'test_clock'],
      handle: (parameters) => {
        const customer = parameters.text('customer')
        const status = parameters.text('status')
        const within = createdWithin(parameters)
        const found = store
          .all('subscription')
          .filter(
            (one) =>
              within(one) &&
              (customer === undefined || idOf(one.customer) === customer) &&
              (status === undefined ? one.status !== 'canceled' : status === 'all' || one.status === status),
          )
        return listOf(path, found, parameters)
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('subscription', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: updateParameters,
      handle: (parameters, [id = '']) => updateSubscription(world, store.get('subscription', id), parameters),
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      accepts: ['invoice_now', 'prorate', 'cancellation_details'],
      handle: (_, [id = '']) => cancelNow(world, store.get('subscription', id), 'cancellation_requested'),
    },
  ]
}

function create(world: World, parameters: Parameters): Stripe.Subscription {
  const customer = world.store.get('customer', parameters.required('customer'), 'customer')
  const given = parameters.text('default_payment_method')
  const method = given === undefined ? null : resolvePaymentMethod(world, given)
  if (method !== null) attach(world, method, customer.id)
  const items = parameters.list('items').map((item) => ({
    price: item.has('plan') ? world.store.get('price', item.required('plan'), 'items') : priceOf(world, item),
    quantity: item.integer('quantity') ?? 1,
  }))
  return startSubscription(
    world,
    {
      customer,
      items,
      metadata: parameters.metadata(),
      defaultPaymentMethod: method?.id ?? null,
      cancelAtPeriodEnd: parameters.boolean('cancel_at_period_end') ?? false,
    },
    parameters.oneOf('payment_behavior', ['allow_incomplete', 'default_incomplete', 'error_if_incomplete']) ??
      'allow_incomplete',
  )
}

/** Begins a subscription and charges its first invoice. */
export function startSubscription(
  world: World,
  input: SubscriptionInput,
  behavior: 'allow_incomplete' | 'default_incomplete' | 'error_if_incomplete',
): Stripe.Subscription {
  const { store } = world
  const subscription = buildSubscription(world, input)
  store.put('subscription', subscription)
  const [item] = subscription.items.data
  const start = item?.current_period_start ?? subscription.created
  const invoice = makeInvoice(
    world,
    subscription,
    'subscription_create',
    periodLines(world, subscription.id, subscription.items.data),
    { start, end: start },
  )
  subscription.latest_invoice = invoice.id
  world.emit('customer.subscription.created', subscription)
  finalize(world, invoice)
  if (invoice.status === 'paid' || behavior === 'default_incomplete') return subscription
  if (behavior === 'allow_incomplete') {
    tryToPay(world, invoice)
    return subscription
  }
  try {
    pay(world, invoice)
  } catch (error) {
    if (error instanceof ApiError) {
      subscription.status = 'incomplete_expired'
      store.changed()
    }
    throw error
  }
  return subscription
}

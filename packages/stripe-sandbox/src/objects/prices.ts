import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { listOf, listParameters } from '../lists.ts'
import { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'
import { createProduct } from './products.ts'

const created = [
  'product',
  'product_data',
  'currency',
  'unit_amount',
  'recurring',
  'lookup_key',
  'transfer_lookup_key',
  'active',
  'metadata',
  'nickname',
  'tax_behavior',
  'billing_scheme',
] as const

export function priceRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/prices'
  return [
    { method: 'POST', path, accepts: created, handle: (parameters) => createPrice(world, parameters) },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('price', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['active', 'metadata', 'nickname', 'lookup_key', 'transfer_lookup_key'],
      handle: (parameters, [id = '']) => {
        const price = store.get('price', id)
        price.active = parameters.boolean('active') ?? price.active
        price.nickname = parameters.text('nickname') ?? price.nickname
        price.metadata = parameters.metadata(price.metadata)
        takeLookupKey(world, parameters, price)
        store.changed()
        world.emit('price.updated', price)
        return price
      },
    },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'active', 'currency', 'lookup_keys', 'product', 'type', 'recurring'],
      handle: (parameters) => {
        const active = parameters.boolean('active')
        const keys = parameters.texts('lookup_keys')
        const product = parameters.text('product')
        const found = store
          .all('price')
          .filter(
            (price) =>
              (active === undefined || price.active === active) &&
              (keys.length === 0 || (price.lookup_key !== null && keys.includes(price.lookup_key))) &&
              (product === undefined || idOf(price.product) === product),
          )
        return listOf(path, found, parameters)
      },
    },
  ]
}

/** A lookup key is one price's; with transfer_lookup_key it goes over to the new one. */
function takeLookupKey(world: World, parameters: Parameters, price: Stripe.Price): void {
  const key = parameters.text('lookup_key')
  if (key === undefined) return
  const holder = world.store.all('price').find((one) => one.lookup_key === key && one.id !== price.id)
  if (holder !== undefined) {
    if (parameters.boolean('transfer_lookup_key') !== true) {
      throw invalidRequest(`A price (\`${holder.id}\`) already uses that lookup key.`, 'lookup_key')
    }
    holder.lookup_key = null
  }
  price.lookup_key = key
}

export function createPrice(world: World, parameters: Parameters): Stripe.Price {
  const { store, clock } = world
  const product = parameters.has('product_data')
    ? createProduct(world, parameters.nested('product_data')).id
    : store.get('product', parameters.required('product'), 'product').id
  const recurring = parameters.nested('recurring')
  const amount = parameters.integer('unit_amount')
  if (amount === undefined || amount < 0)
    throw invalidRequest('Missing required param: unit_amount.', 'unit_amount')
  const price: Stripe.Price = {
    id: store.newId('price'),
    object: 'price',
    active: parameters.boolean('active') ?? true,
    billing_scheme: 'per_unit',
    created: clock.now(),
    currency: parameters.required('currency').toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: parameters.metadata(),
    nickname: parameters.text('nickname') ?? null,
    product,
    recurring: parameters.has('recurring')
      ? {
          interval: recurring.oneOf('interval', ['day', 'week', 'month', 'year']) ?? 'month',
          interval_count: recurring.integer('interval_count') ?? 1,
          meter: null,
          trial_period_days: null,
          usage_type: 'licensed',
        }
      : null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: parameters.has('recurring') ? 'recurring' : 'one_time',
    unit_amount: amount,
    unit_amount_decimal: String(amount) as unknown as Stripe.Price['unit_amount_decimal'],
  }
  takeLookupKey(world, parameters, price)
  store.put('price', price)
  world.emit('price.created', price)
  return price
}

/** A price given by id, or by `price_data` made on the spot. */
export function priceOf(world: World, item: Parameters): Stripe.Price {
  if (item.has('price')) return world.store.get('price', item.required('price'), 'price')
  if (item.has('price_data')) return createPrice(world, new Parameters(item.nested('price_data').raw))
  throw invalidRequest('You must provide one of `price` or `price_data` for each line item.', 'line_items')
}

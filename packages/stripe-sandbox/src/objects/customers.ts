import type Stripe from 'stripe'
import { createdWithin, listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import type { World } from '../world.ts'
import { attach, resolvePaymentMethod } from './payment-methods.ts'

const fields = [
  'name',
  'email',
  'description',
  'phone',
  'metadata',
  'payment_method',
  'invoice_settings',
  'test_clock',
  'address',
  'shipping',
  'source',
  'preferred_locales',
  'tax_exempt',
] as const

export function customerRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/customers'
  return [
    { method: 'POST', path, accepts: fields, handle: (parameters) => create(world, parameters) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'email', 'created', 'test_clock'],
      handle: (parameters) => {
        const email = parameters.text('email')
        const within = createdWithin(parameters)
        const found = store
          .all('customer')
          .filter((one) => within(one) && (email === undefined || one.email === email))
        return listOf(
          path,
          found.filter((one) => one.deleted === undefined),
          parameters,
        )
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('customer', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: fields.filter((name) => name !== 'test_clock'),
      handle: (parameters, [id = '']) => {
        const customer = store.get('customer', id)
        fill(world, customer, parameters)
        store.changed()
        world.emit('customer.updated', customer)
        return customer
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:id`,
      handle: (_, [id = '']) => {
        const customer = store.get('customer', id)
        const deleted = { id, object: 'customer', deleted: true } as const
        store.put('customer', deleted as unknown as Stripe.Customer)
        world.emit('customer.deleted', customer)
        return deleted
      },
    },
    {
      method: 'GET',
      path: `${path}/:id/payment_methods`,
      accepts: [...listParameters, 'type'],
      handle: (parameters, [id = '']) => {
        store.get('customer', id)
        const type = parameters.text('type')
        const found = store
          .all('payment_method')
          .filter((method) => method.customer === id && (type === undefined || method.type === type))
        return listOf(`${path}/${id}/payment_methods`, found, parameters)
      },
    },
  ]
}

function create(world: World, parameters: Parameters): Stripe.Customer {
  const { store, clock } = world
  const testClock = parameters.text('test_clock') ?? null
  if (testClock !== null) store.get('test_clock', testClock, 'test_clock')
  const id = store.newId('customer')
  const customer: Stripe.Customer = {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: clock.now(testClock),
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: testClock,
  }
  store.put('customer', customer)
  fill(world, customer, parameters)
  world.emit('customer.created', customer)
  return customer
}

function fill(world: World, customer: Stripe.Customer, parameters: Parameters): void {
  customer.name = parameters.text('name') ?? customer.name ?? null
  customer.email = parameters.text('email') ?? customer.email
  customer.description = parameters.text('description') ?? customer.description
  customer.phone = parameters.text('phone') ?? customer.phone ?? null
  customer.metadata = parameters.metadata(customer.metadata)
  for (const name of ['payment_method', 'source']) {
    const given = parameters.text(name)
    if (given === undefined) continue
    const method = resolvePaymentMethod(world, given)
    attach(world, method, customer.id)
    if (name === 'source') customer.invoice_settings.default_payment_method = method.id
  }
  const method = parameters.nested('invoice_settings').text('default_payment_method')
  if (method !== undefined) {
    customer.invoice_settings.default_payment_method = resolvePaymentMethod(world, method).id
  }
}

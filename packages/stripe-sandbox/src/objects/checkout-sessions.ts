import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'
import { confirm, createIntent } from './payment-intents.ts'
import { attach } from './payment-methods.ts'
import { priceOf } from './prices.ts'
import { titleOf } from './proration.ts'
import { startSubscription } from './subscriptions.ts'

const fields = [
  'mode',
  'customer',
  'customer_email',
  'client_reference_id',
  'line_items',
  'metadata',
  'payment_intent_data',
  'subscription_data',
  'success_url',
  'cancel_url',
  'expires_at',
  'payment_method_types',
  'allow_promotion_codes',
  'locale',
] as const

const day = 86_400

export function checkoutRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/checkout/sessions'
  return [
    { method: 'POST', path, accepts: fields, handle: (parameters) => create(world, parameters) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'customer', 'payment_intent', 'subscription', 'status'],
      handle: (parameters) => {
        const customer = parameters.text('customer')
        const intent = parameters.text('payment_intent')
        const found = store
          .all('checkout_session')
          .filter(
            (one) =>
              (customer === undefined || idOf(one.customer) === customer) &&
              (intent === undefined || idOf(one.payment_intent) === intent),
          )
        return listOf(path, found, parameters)
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('checkout_session', id) },
    {
      method: 'POST',
      path: `${path}/:id/expire`,
      handle: (_, [id = '']) => {
        const session = store.get('checkout_session', id)
        if (session.status !== 'open') {
          throw invalidRequest(
            `Only Checkout Sessions with a status in ["open"] can be expired; this one is ${session.status}.`,
          )
        }
        return expireSession(world, session)
      },
    },
  ]
}

interface Item {
  price: Stripe.Price
  quantity: number
}

export function itemsOf(world: World, session: Stripe.Checkout.Session): Item[] {
  const items = world.store.notes(session.id)['items']
  return (Array.isArray(items) ? (items as { price: string; quantity: number }[]) : []).map(
    ({ price, quantity }) => ({
      price: world.store.get('price', price),
      quantity,
    }),
  )
}

function create(world: World, parameters: Parameters): Stripe.Checkout.Session {
  const { store, clock } = world
  const mode = parameters.oneOf('mode', ['payment', 'subscription']) ?? 'payment'
  const customer = parameters.text('customer') ?? null
  if (customer !== null) store.get('customer', customer, 'customer')
  const items = parameters.list('line_items').map((item) => {
    item.allow(['price', 'price_data', 'quantity'])
    return { price: priceOf(world, item), quantity: item.integer('quantity') ?? 1 }
  })
  if (items.length === 0)
    throw invalidRequest('Missing required param: line_items.', 'line_items', 'parameter_missing')
  for (const { price } of items) {
    if ((price.recurring !== null) === (mode === 'subscription')) continue
    throw invalidRequest(`The price ${price.id} does not fit the mode ${mode}.`, 'line_items[0][price]')
  }
  const id = store.newId('checkout_session')
  const now = clock.nowOf(customer)
  const total = items.reduce((sum, { price, quantity }) => sum + (price.unit_amount ?? 0) * quantity, 0)
  const session = {
    ...emptySession,
    id,
    amount_subtotal: total,
    amount_total: total,
    cancel_url: parameters.text('cancel_url') ?? null,
    client_reference_id: parameters.text('client_reference_id') ?? null,
    created: now,
    currency: items[0]?.price.currency ?? 'usd',
    customer,
    customer_email: parameters.text('customer_email') ?? null,
    expires_at: parameters.integer('expires_at') ?? now + day,
    metadata: parameters.metadata(),
    mode,
    success_url: parameters.required('success_url'),
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    url: `${world.pageOrigin}/c/pay/${id}`,
  } as unknown as Stripe.Checkout.Session
  const notes = store.notes(id)
  notes['items'] = items.map(({ price, quantity }) => ({ price: price.id, quantity }))
  notes['lineItems'] = lineItems(world, id, items)
  const data = parameters.nested(mode === 'payment' ? 'payment_intent_data' : 'subscription_data')
  notes['data'] = {
    metadata: data.metadata(),
    setupFutureUsage: data.text('setup_future_usage') ?? null,
    description: data.text('description') ?? null,
  }
  return store.put('checkout_session', session)
}

function lineItems(world: World, session: string, items: readonly Item[]) {
  return {
    object: 'list',
    url: `/v1/checkout/sessions/${session}/line_items`,
    has_more: false,
    data: items.map(({ price, quantity }) => ({
      id: `li_${world.store.newSuffix()}`,
      object: 'item',
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: (price.unit_amount ?? 0) * quantity,
      amount_tax: 0,
      amount_total: (price.unit_amount ?? 0) * quantity,
      currency: price.currency,
      description: titleOf(world, price),
      metadata: {},
      price: structuredClone(price),
      quantity,
    })),
  }
}

interface SessionData {
  metadata: Record<string, string>
  setupFutureUsage: 'off_session' | 'on_session' | null
  description: string | null
}

/** Somebody pays on the page. @throws ApiError: a card error; the session stays open */
export function payForSession(
  world: World,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod,
): Stripe.Checkout.Session {
  if (session.status !== 'open') throw invalidRequest(`This Checkout Session is ${session.status}.`)
  const data = world.store.notes(session.id)['data'] as SessionData
  if (session.mode === 'subscription') payBySubscription(world, session, method, data)
  else payOnce(world, session, method, data)
  session.status = 'complete'
  world.store.changed()
  world.emit('checkout.session.completed', session)
  return session
}

function payOnce(
  world: World,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod,
  { metadata, setupFutureUsage, description }: SessionData,
): void {
  const intent =
    world.store.find('payment_intent', idOf(session.payment_intent) ?? '') ??
    createIntent(world, {
      amount: session.amount_total ?? 0,
      currency: session.currency ?? 'usd',
      customer: idOf(session.customer),
      metadata,
      description,
      setupFutureUsage,
    })
  session.payment_intent = intent.id
  world.store.notes(intent.id)['session'] = session.id
  intent.payment_method = method.id
  confirm(world, intent)
  session.payment_status = intent.status === 'succeeded' ? 'paid' : 'unpaid'
}

function payBySubscription(
  world: World,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod,
  { metadata }: SessionData,
): void {
  const customer = world.store.get('customer', idOf(session.customer) ?? '')
  attach(world, method, customer.id)
  const subscription = startSubscription(
    world,
    { customer, items: itemsOf(world, session), metadata, defaultPaymentMethod: method.id },
    'error_if_incomplete',
  )
  session.subscription = subscription.id
  session.invoice = idOf(subscription.latest_invoice)
  const invoice = world.store.get('invoice', idOf(subscription.latest_invoice) ?? '')
  session.payment_status = invoice.status === 'paid' ? 'paid' : 'unpaid'
  // A bank debit that is under way: the subscription runs already.
  if (session.payment_status === 'unpaid' && subscription.status === 'incomplete')
    subscription.status = 'active'
}

/** The session of an asynchronous payment hears of its end. */
export function asyncPaymentEnded(world: World, session: Stripe.Checkout.Session, isPaid: boolean): void {
  if (isPaid) session.payment_status = 'paid'
  world.store.changed()
  world.emit(
    isPaid ? 'checkout.session.async_payment_succeeded' : 'checkout.session.async_payment_failed',
    session,
  )
}

export function expireSession(world: World, session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  session.status = 'expired'
  world.store.changed()
  world.emit('checkout.session.expired', session)
  return session
}

const emptySession = {
  object: 'checkout.session',
  adaptive_pricing: null,
  after_expiration: null,
  allow_promotion_codes: null,
  allowed_payment_method_types: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  billing_address_collection: null,
  client_secret: null,
  collected_information: null,
  consent: null,
  consent_collection: null,
  currency_conversion: null,
  custom_fields: [],
  custom_text: {
    after_submit: null,
    shipping_address: null,
    submit: null,
    terms_of_service_acceptance: null,
  },
  customer_account: null,
  customer_creation: null,
  customer_details: null,
  discounts: [],
  excluded_payment_method_types: [],
  integration_identifier: null,
  invoice: null,
  invoice_creation: null,
  livemode: false,
  locale: null,
  managed_payments: null,
  origin_context: null,
  payment_intent: null,
  payment_link: null,
  payment_method_collection: 'always',
  payment_method_configuration_details: null,
  payment_method_options: {},
  payment_method_types: ['card'],
  payment_status: 'unpaid',
  permissions: null,
  phone_number_collection: { enabled: false },
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  shipping_options: [],
  status: 'open',
  submit_type: null,
  subscription: null,
  ui_mode: 'hosted',
  wallet_options: null,
} as const

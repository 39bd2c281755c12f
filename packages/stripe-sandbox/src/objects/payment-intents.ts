import type Stripe from 'stripe'
import { cardError, declineMessage, invalidRequest } from '../api-error.ts'
import { createdWithin, listOf, listParameters } from '../lists.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'
import { createCharge } from './charges.ts'
import { openDispute } from './disputes.ts'
import { attach, behaviourOf, resolvePaymentMethod } from './payment-methods.ts'

const fields = [
  'amount',
  'currency',
  'customer',
  'payment_method',
  'payment_method_types',
  'payment_method_data',
  'automatic_payment_methods',
  'off_session',
  'confirm',
  'metadata',
  'description',
  'setup_future_usage',
  'receipt_email',
  'return_url',
  'capture_method',
  'shipping',
  'statement_descriptor',
  'error_on_requires_action',
] as const

export function paymentIntentRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/payment_intents'
  return [
    {
      method: 'POST',
      path,
      accepts: fields,
      handle: (parameters) => {
        const intent = createIntent(world, {
          amount: parameters.integer('amount') ?? 0,
          currency: parameters.required('currency'),
          customer: parameters.text('customer') ?? null,
          metadata: parameters.metadata(),
          description: parameters.text('description') ?? null,
          setupFutureUsage: parameters.oneOf('setup_future_usage', ['off_session', 'on_session']) ?? null,
        })
        const method = parameters.text('payment_method')
        if (method !== undefined) intent.payment_method = resolvePaymentMethod(world, method).id
        if (parameters.boolean('confirm') !== true) return intent
        return confirm(world, intent, parameters.boolean('off_session') === true)
      },
    },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'customer', 'created'],
      handle: (parameters) => {
        const customer = parameters.text('customer')
        const within = createdWithin(parameters)
        const found = store
          .all('payment_intent')
          .filter(
            (intent) => within(intent) && (customer === undefined || idOf(intent.customer) === customer),
          )
        return listOf(path, found, parameters)
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('payment_intent', id) },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['metadata', 'description', 'payment_method', 'customer', 'receipt_email'],
      handle: (parameters, [id = '']) => {
        const intent = store.get('payment_intent', id)
        intent.metadata = parameters.metadata(intent.metadata)
        intent.description = parameters.text('description') ?? intent.description
        store.changed()
        return intent
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/confirm`,
      accepts: ['payment_method', 'off_session', 'return_url', 'payment_method_data', 'setup_future_usage'],
      handle: (parameters, [id = '']) => {
        const intent = store.get('payment_intent', id)
        const method = parameters.text('payment_method')
        if (method !== undefined) intent.payment_method = resolvePaymentMethod(world, method).id
        return confirm(world, intent, parameters.boolean('off_session') === true)
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/cancel`,
      accepts: ['cancellation_reason'],
      handle: (_, [id = '']) => cancelIntent(world, store.get('payment_intent', id)),
    },
  ]
}

export interface IntentInput {
  amount: number
  currency: string
  customer: string | null
  metadata: Record<string, string>
  description?: string | null
  setupFutureUsage?: 'off_session' | 'on_session' | null
}

export function createIntent(world: World, input: IntentInput): Stripe.PaymentIntent {
  const { store, clock } = world
  if (input.amount < 1)
    throw invalidRequest('Amount must be at least 1.', 'amount', 'parameter_invalid_integer')
  if (input.customer !== null) store.get('customer', input.customer, 'customer')
  const id = store.newId('payment_intent')
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    amount: input.amount,
    allowed_payment_method_types: null,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: `${id}_secret_${store.newSuffix()}`,
    confirmation_method: 'automatic',
    created: clock.nowOf(input.customer),
    currency: input.currency.toLowerCase(),
    customer: input.customer,
    customer_account: null,
    description: input.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: { ...input.metadata },
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: input.setupFutureUsage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
  store.put('payment_intent', intent)
  world.emit('payment_intent.created', intent)
  return intent
}

/** Charges the payment method. @throws ApiError: a card error, with the intent in it */
export function confirm(
  world: World,
  intent: Stripe.PaymentIntent,
  isOffSession = false,
): Stripe.PaymentIntent {
  const methodId = idOf(intent.payment_method)
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw invalidRequest(`You cannot confirm this PaymentIntent because it has a status of ${intent.status}.`)
  }
  if (methodId === null) {
    throw invalidRequest(
      'You cannot confirm this PaymentIntent because it’s missing a payment method.',
      'payment_method',
    )
  }
  const behaviour = behaviourOf(world, methodId)
  if (behaviour.does === 'decline' && !(behaviour.code === 'authentication_required' && !isOffSession)) {
    const charge = createCharge(world, intent, { failure: behaviour.code })
    declined(world, intent, behaviour.code, charge)
    throw cardError(behaviour.code, {
      charge: charge.id,
      payment_intent: structuredClone(intent),
      payment_method: structuredClone(world.store.get('payment_method', methodId)),
    })
  }
  if (behaviour.does === 'process') {
    intent.status = 'processing'
    world.emit('payment_intent.processing', intent)
    keepMethod(world, intent)
    world.store.changed()
    return intent
  }
  succeed(world, intent)
  if (behaviour.does === 'dispute') {
    const charge = world.store.get('charge', idOf(intent.latest_charge) ?? '')
    openDispute(world, charge, undefined, behaviour.isInquiry)
  }
  return intent
}

function keepMethod(world: World, intent: Stripe.PaymentIntent): void {
  const methodId = idOf(intent.payment_method)
  const customer = idOf(intent.customer)
  if (intent.setup_future_usage === null || methodId === null || customer === null) return
  attach(world, world.store.get('payment_method', methodId), customer)
}

/** The money is there. */
export function succeed(world: World, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  createCharge(world, intent, {})
  intent.status = 'succeeded'
  intent.amount_received = intent.amount
  intent.last_payment_error = null
  keepMethod(world, intent)
  world.store.changed()
  world.emit('payment_intent.succeeded', intent)
  return intent
}

/** An asynchronous payment that did not come. */
export function fail(world: World, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  const charge = createCharge(world, intent, { failure: 'insufficient_funds' })
  declined(world, intent, 'insufficient_funds', charge)
  return intent
}

function declined(world: World, intent: Stripe.PaymentIntent, code: string, charge: Stripe.Charge): void {
  intent.status = 'requires_payment_method'
  intent.last_payment_error = {
    type: 'card_error',
    code: code === 'authentication_required' ? code : 'card_declined',
    decline_code: code,
    message: declineMessage(code),
    charge: charge.id,
  } as Stripe.PaymentIntent.LastPaymentError
  intent.payment_method = null
  world.store.changed()
  world.emit('payment_intent.payment_failed', intent)
}

export function cancelIntent(world: World, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  if (['succeeded', 'canceled', 'processing'].includes(intent.status)) {
    throw invalidRequest(`You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`)
  }
  intent.status = 'canceled'
  intent.canceled_at = world.clock.nowOf(idOf(intent.customer))
  world.store.changed()
  world.emit('payment_intent.canceled', intent)
  return intent
}

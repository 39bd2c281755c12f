import type Stripe from 'stripe'
import { ApiError, cardError, invalidRequest } from '../api-error.ts'
import { listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import type { Route } from '../routes.ts'
import type { World } from '../world.ts'

/** What comes of charging a test card. https://docs.stripe.com/testing */
export type Behaviour =
  | { does: 'succeed' }
  | { does: 'decline'; code: string; alsoAttaching: boolean }
  | { does: 'dispute'; isInquiry: boolean }
  /** A bank debit: paid, or not, later. */
  | { does: 'process' }

interface TestCard {
  token: string
  number: string
  brand: string
  behaviour: Behaviour
}

const succeed: Behaviour = { does: 'succeed' }
const decline = (code: string, alsoAttaching: boolean): Behaviour => ({
  does: 'decline',
  code,
  alsoAttaching,
})

export const testCards: readonly TestCard[] = [
  { token: 'pm_card_visa', number: '4242424242424242', brand: 'visa', behaviour: succeed },
  { token: 'pm_card_mastercard', number: '5555555555554444', brand: 'mastercard', behaviour: succeed },
  { token: 'pm_card_bypassPending', number: '4000000000000077', brand: 'visa', behaviour: succeed },
  {
    token: 'pm_card_chargeDeclined',
    number: '4000000000000002',
    brand: 'visa',
    behaviour: decline('generic_decline', true),
  },
  {
    token: 'pm_card_visa_chargeDeclined',
    number: '4000000000000002',
    brand: 'visa',
    behaviour: decline('generic_decline', true),
  },
  {
    token: 'pm_card_visa_chargeDeclinedInsufficientFunds',
    number: '4000000000009995',
    brand: 'visa',
    behaviour: decline('insufficient_funds', true),
  },
  {
    token: 'pm_card_chargeCustomerFail',
    number: '4000000000000341',
    brand: 'visa',
    behaviour: decline('generic_decline', false),
  },
  {
    token: 'pm_card_authenticationRequired',
    number: '4000002760003184',
    brand: 'visa',
    behaviour: decline('authentication_required', false),
  },
  {
    token: 'pm_card_createDispute',
    number: '4000000000000259',
    brand: 'visa',
    behaviour: { does: 'dispute', isInquiry: false },
  },
  {
    token: 'pm_card_createDisputeInquiry',
    number: '4000000000001976',
    brand: 'visa',
    behaviour: { does: 'dispute', isInquiry: true },
  },
]

const bankTokens: readonly string[] = [
  'pm_usBankAccount',
  'pm_usBankAccount_success',
  'pm_usBankAccount_processing',
]

export function paymentMethodRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/payment_methods'
  return [
    {
      method: 'POST',
      path,
      accepts: ['type', 'card', 'billing_details', 'metadata', 'us_bank_account'],
      handle: (parameters) => create(world, parameters),
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => resolvePaymentMethod(world, id) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'customer', 'type'],
      handle: (parameters) => {
        const customer = parameters.text('customer')
        const type = parameters.text('type')
        const found = store
          .all('payment_method')
          .filter((method) => method.customer === customer && (type === undefined || method.type === type))
        return listOf(path, found, parameters)
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/attach`,
      accepts: ['customer'],
      handle: (parameters, [id = '']) =>
        attach(
          world,
          resolvePaymentMethod(world, id),
          store.get('customer', parameters.required('customer')).id,
        ),
    },
    {
      method: 'POST',
      path: `${path}/:id/detach`,
      handle: (_, [id = '']) => {
        const method = store.get('payment_method', id)
        method.customer = null
        store.changed()
        world.emit('payment_method.detached', method)
        return method
      },
    },
  ]
}

export function behaviourOf(world: World, id: string): Behaviour {
  const behaviour = world.store.notes(id)['behaviour']
  return isBehaviour(behaviour) ? behaviour : succeed
}

const isBehaviour = (value: unknown): value is Behaviour =>
  typeof value === 'object' && value !== null && 'does' in value

/** One that exists, or a new one of a test token such as pm_card_visa or tok_visa. */
export function resolvePaymentMethod(world: World, idOrToken: string): Stripe.PaymentMethod {
  const token = idOrToken.replace(/^tok_/, 'pm_card_')
  const card = testCards.find((one) => one.token === token)
  if (card !== undefined) return addCard(world, card)
  if (bankTokens.includes(token)) return addBankAccount(world)
  return world.store.get('payment_method', idOrToken, 'payment_method')
}

export function addTestCard(world: World, number: string): Stripe.PaymentMethod {
  const digits = number.replaceAll(/\D/g, '')
  const card = testCards.find((one) => one.number === digits)
  if (card !== undefined) return addCard(world, card)
  throw new ApiError(402, {
    type: 'card_error',
    code: 'incorrect_number',
    message: 'Your card number is incorrect: give a test card’s.',
    param: 'number',
  })
}

function create(world: World, parameters: Parameters): Stripe.PaymentMethod {
  const type = parameters.required('type')
  if (type === 'us_bank_account') return addBankAccount(world)
  if (type !== 'card')
    throw invalidRequest(`Only cards and bank accounts are known here, not ${type}.`, 'type')
  const card = parameters.nested('card')
  const token = card.text('token')
  if (token !== undefined) return resolvePaymentMethod(world, token)
  return addTestCard(world, card.required('number'))
}

function base(world: World): Omit<Stripe.PaymentMethod, 'type'> {
  const { store, clock } = world
  return {
    id: store.newId('payment_method'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    created: clock.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
  }
}

function addCard(world: World, { number, brand, behaviour }: TestCard): Stripe.PaymentMethod {
  const method: Stripe.PaymentMethod = {
    ...base(world),
    type: 'card',
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: brand,
      exp_month: 12,
      exp_year: new Date().getUTCFullYear() + 4,
      fingerprint: number.slice(-8),
      funding: 'credit',
      generated_from: null,
      last4: number.slice(-4),
      networks: { available: [brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
  }
  world.store.notes(method.id)['behaviour'] = behaviour
  return world.store.put('payment_method', method)
}

export function addBankAccount(world: World): Stripe.PaymentMethod {
  const method: Stripe.PaymentMethod = {
    ...base(world),
    type: 'us_bank_account',
    us_bank_account: {
      account_holder_type: 'individual',
      account_type: 'checking',
      bank_name: 'SANDBOX BANK',
      financial_connections_account: null,
      fingerprint: 'sandboxbank',
      last4: '6789',
      networks: { preferred: 'ach', supported: ['ach'] },
      routing_number: '110000000',
      status_details: null,
    },
  }
  world.store.notes(method.id)['behaviour'] = { does: 'process' }
  return world.store.put('payment_method', method)
}

export function attach(world: World, method: Stripe.PaymentMethod, customerId: string): Stripe.PaymentMethod {
  if (method.customer === customerId) return method
  const behaviour = behaviourOf(world, method.id)
  if (behaviour.does === 'decline' && behaviour.alsoAttaching) throw cardError(behaviour.code)
  method.customer = customerId
  world.store.changed()
  world.emit('payment_method.attached', method)
  return method
}

import type Stripe from 'stripe'
import { declineMessage } from '../api-error.ts'
import { createdWithin, listOf, listParameters } from '../lists.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'

export function chargeRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/charges'
  return [
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('charge', id) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'customer', 'payment_intent', 'created'],
      handle: (parameters) => {
        const customer = parameters.text('customer')
        const intent = parameters.text('payment_intent')
        const within = createdWithin(parameters)
        const found = store
          .all('charge')
          .filter(
            (charge) =>
              within(charge) &&
              (customer === undefined || idOf(charge.customer) === customer) &&
              (intent === undefined || idOf(charge.payment_intent) === intent),
          )
        return listOf(path, found, parameters)
      },
    },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['metadata', 'description'],
      handle: (parameters, [id = '']) => {
        const charge = store.get('charge', id)
        charge.metadata = parameters.metadata(charge.metadata)
        store.changed()
        return charge
      },
    },
  ]
}

/** An attempt to take the money of a payment intent; `failure`: a decline code. */
export function createCharge(
  world: World,
  intent: Stripe.PaymentIntent,
  { failure }: { failure?: string },
): Stripe.Charge {
  const { store, clock } = world
  const customer = idOf(intent.customer)
  const method = store.find('payment_method', idOf(intent.payment_method) ?? '')
  const isPaid = failure === undefined
  const id = store.newId('charge')
  const charge: Stripe.Charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: isPaid ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: 'SANDBOX',
    captured: isPaid,
    created: clock.nowOf(customer),
    currency: intent.currency,
    customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: isPaid ? null : failure === 'authentication_required' ? failure : 'card_declined',
    failure_message: isPaid ? null : declineMessage(failure),
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: isPaid ? 'approved_by_network' : 'declined_by_network',
      reason: isPaid ? null : failure,
      seller_message: isPaid
        ? 'Payment complete.'
        : 'The bank did not return any further details with this decline.',
      type: isPaid ? 'authorized' : 'issuer_declined',
    },
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: method?.id ?? null,
    payment_method_details: detailsOf(method),
    receipt_email: null,
    receipt_number: null,
    receipt_url: isPaid ? `${world.pageOrigin}/receipts/${id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: isPaid ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  }
  store.put('charge', charge)
  intent.latest_charge = id
  world.emit(isPaid ? 'charge.succeeded' : 'charge.failed', charge)
  return charge
}

function detailsOf(method: Stripe.PaymentMethod | undefined): Stripe.Charge.PaymentMethodDetails | null {
  if (method === undefined) return null
  if (method.card === undefined) return { type: method.type } as Stripe.Charge.PaymentMethodDetails
  const { brand, country, exp_month, exp_year, fingerprint, funding, last4, wallet } = method.card
  return {
    type: 'card',
    card: {
      brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country,
      exp_month,
      exp_year,
      fingerprint,
      funding,
      installments: null,
      last4,
      mandate: null,
      network: brand,
      three_d_secure: null,
      wallet,
    },
  } as unknown as Stripe.Charge.PaymentMethodDetails
}

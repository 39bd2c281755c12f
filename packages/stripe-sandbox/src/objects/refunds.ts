import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { listOf, listParameters } from '../lists.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'

export function refundRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/refunds'
  return [
    {
      method: 'POST',
      path,
      accepts: ['charge', 'payment_intent', 'amount', 'reason', 'metadata'],
      handle: (parameters) => {
        const intentId = parameters.text('payment_intent')
        const charge =
          intentId === undefined
            ? store.get('charge', parameters.required('charge'), 'charge')
            : store.get(
                'charge',
                idOf(store.get('payment_intent', intentId, 'payment_intent').latest_charge) ?? '',
                'payment_intent',
              )
        return refund(world, charge, parameters.integer('amount'), parameters.metadata())
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('refund', id) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'charge', 'payment_intent', 'created'],
      handle: (parameters) => {
        const charge = parameters.text('charge')
        const intent = parameters.text('payment_intent')
        const found = store
          .all('refund')
          .filter(
            (one) =>
              (charge === undefined || idOf(one.charge) === charge) &&
              (intent === undefined || idOf(one.payment_intent) === intent),
          )
        return listOf(path, found, parameters)
      },
    },
  ]
}

/** Gives money back; without an amount, all that is left. */
export function refund(
  world: World,
  charge: Stripe.Charge,
  amount = charge.amount - charge.amount_refunded,
  metadata: Record<string, string> = {},
): Stripe.Refund {
  const { store, clock } = world
  const left = charge.amount - charge.amount_refunded
  if (!charge.paid) throw invalidRequest(`Charge ${charge.id} was not paid.`, 'charge')
  if (left === 0)
    throw invalidRequest(
      `Charge ${charge.id} has already been refunded.`,
      'charge',
      'charge_already_refunded',
    )
  if (amount < 1 || amount > left) {
    const message = `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`
    throw invalidRequest(message, 'amount')
  }
  const made: Stripe.Refund = {
    id: store.newId('refund'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: clock.nowOf(idOf(charge.customer)),
    currency: charge.currency,
    customer: idOf(charge.customer),
    customer_account: null,
    destination_details: { type: 'card', card: { type: 'refund' } },
    metadata,
    payment_intent: idOf(charge.payment_intent),
    payment_method: charge.payment_method,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
  const previous = { amount_refunded: charge.amount_refunded, refunded: charge.refunded }
  charge.amount_refunded += amount
  charge.refunded = charge.amount_refunded === charge.amount
  store.put('refund', made)
  world.emit('refund.created', made)
  world.emit('charge.refunded', charge, previous)
  return made
}

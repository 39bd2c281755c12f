import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import type { World } from '../world.ts'
import { asyncPaymentEnded } from './checkout-sessions.ts'
import { settleIntent } from './invoice-actions.ts'
import { fail, succeed } from './payment-intents.ts'

/** A payment that was under way, such as a bank debit, ends. */
export function endAsyncPayment(
  world: World,
  intent: Stripe.PaymentIntent,
  isPaid: boolean,
): Stripe.PaymentIntent {
  if (intent.status !== 'processing') {
    throw invalidRequest(
      `This PaymentIntent has a status of ${intent.status}: only one that is processing ends.`,
    )
  }
  const { invoice, session } = world.store.notes(intent.id)
  if (typeof invoice === 'string') {
    if (!isPaid) fail(world, intent)
    settleIntent(world, intent, world.store.get('invoice', invoice), isPaid)
  } else if (isPaid) succeed(world, intent)
  else fail(world, intent)
  const owner =
    typeof session === 'string'
      ? world.store.find('checkout_session', session)
      : world.store
          .all('checkout_session')
          .find((one) => typeof invoice === 'string' && one.invoice === invoice)
  if (owner !== undefined) asyncPaymentEnded(world, owner, isPaid)
  return intent
}

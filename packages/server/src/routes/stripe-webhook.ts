import { createRoute, z } from '@hono/zod-openapi'
import { errorOf, toStipendError } from '@stipend/engine'
import type Stripe from 'stripe'
import { createRouter } from '../router.ts'
import { jsonAnswer, refusals } from '../schemas.ts'
import type { StripeContext } from '../stripe/context.ts'
import { handleEvent } from '../stripe/handle-event.ts'

/** Signatures older than this are refused, in seconds. */
const toleranceSeconds = 300

const webhookRoute = createRoute({
  method: 'post',
  path: '/webhooks/stripe',
  summary: 'Where Stripe sends its events; each is handled once',
  tags: ['Billing'],
  request: {
    headers: z.object({
      'stripe-signature': z.string().max(2_000).optional().openapi({ description: 'By Stripe.' }),
    }),
  },
  responses: {
    200: jsonAnswer(z.object({ received: z.literal(true) }), 'Handled, now or before'),
    ...refusals,
  },
})

/** Stripe's events: the signature is checked on the raw body, what the event is about is read anew. */
export function stripeWebhookRoutes({ payments }: { payments: StripeContext | undefined }) {
  const router = createRouter()
  router.openapi(webhookRoute, async (c) => {
    if (payments === undefined) throw errorOf('payments_not_configured')
    const event = await verify(payments, await c.req.text(), c.req.header('stripe-signature') ?? '')
    const { billing } = payments.engine
    const claim = await billing.claimEvent(event.id, event.type)
    if (claim === 'busy') throw errorOf('request_in_flight', { retryAfterMs: 5_000 })
    if (claim === 'ours') await handleOnce(payments, event)
    return c.json({ received: true as const }, 200)
  })
  return router
}

async function verify(payments: StripeContext, body: string, signature: string): Promise<Stripe.Event> {
  try {
    return await payments.stripe.webhooks.constructEventAsync(
      body,
      signature,
      payments.webhookSecret,
      toleranceSeconds,
    )
  } catch {
    const message =
      'The header Stripe-Signature does not fit the body, the secret or the time: see STRIPE_WEBHOOK_SECRET.'
    throw errorOf('invalid_signature', { message, field: 'Stripe-Signature' })
  }
}

/** What fails is given back, so that Stripe's next attempt takes it again. */
async function handleOnce(payments: StripeContext, event: Stripe.Event): Promise<void> {
  const { billing } = payments.engine
  try {
    const outcome = await handleEvent(payments, event)
    await billing.finishEvent(event.id, { outcome: outcome === 'ignored' ? 'ignored' : 'applied' })
    payments.logger?.info({ event: event.id, type: event.type, outcome }, 'stripe event')
  } catch (error) {
    const { code } = toStipendError(error)
    await billing.finishEvent(event.id, { error: code }).catch(() => undefined)
    throw error
  }
}

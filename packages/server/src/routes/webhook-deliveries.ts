import { createRoute, z } from '@hono/zod-openapi'
import type { DueWebhookDelivery } from '@stipend/engine'
import type { Context } from 'hono'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { sendWebhook } from '../notifications/send-webhook.ts'
import type { NotificationContext } from '../notifications/settings.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, refusals, textInput, wholeNumberQuery } from '../schemas.ts'
import { deliveryJson, deliverySchema } from './webhook-schemas.ts'

const shared = { tags: ['Webhooks'] }
const params = z.object({ id: textInput() })

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/webhook-endpoints/{id}/deliveries',
  summary: 'What was delivered to it in the last 30 days, newest first',
  ...protectedRoute('GET /webhook-endpoints/{id}/deliveries'),
  request: {
    params,
    query: z.strictObject({
      limit: wholeNumberQuery(1, 200).optional(),
      cursor: textInput(36).optional().openapi({ description: 'nextCursor of the page before.' }),
    }),
  },
  responses: {
    200: jsonAnswer(
      z.object({ deliveries: z.array(deliverySchema), nextCursor: z.string().nullable() }),
      'A page',
    ),
    ...refusals,
  },
})

const testRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/webhook-endpoints/{id}/test',
  summary: 'Send webhook.test now, once; the answer says how it went',
  ...protectedRoute('POST /webhook-endpoints/{id}/test'),
  request: { params },
  responses: { 201: jsonAnswer(deliverySchema, 'The delivery'), ...refusals },
})

const redeliverRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver',
  summary: 'Send it again now, also where it was delivered; if it fails, its retries begin anew',
  ...protectedRoute('POST /webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver'),
  request: { params: params.extend({ deliveryId: textInput() }) },
  responses: { 200: jsonAnswer(deliverySchema, 'The delivery'), ...refusals },
})

/** The log of an endpoint, and sending by hand. */
export function webhookDeliveryRoutes({ notifications }: { notifications: NotificationContext }) {
  const router = createRouter()
  const sendNow = async (c: Context<StipendEnv>, claimed: DueWebhookDelivery) => {
    await sendWebhook(notifications, claimed)
    const { organizationId, endpointId, id } = claimed
    return deliveryJson(await c.var.engine.webhooks.getDelivery({ organizationId, endpointId }, id))
  }
  router.openapi(listRoute, async (c) => {
    const key = { organizationId: organizationIdOf(c), endpointId: c.req.valid('param').id }
    const page = await c.var.engine.webhooks.listDeliveries(key, c.req.valid('query'))
    return c.json({ deliveries: page.deliveries.map(deliveryJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(testRoute, async (c) => {
    const key = { organizationId: organizationIdOf(c), endpointId: c.req.valid('param').id }
    return c.json(await sendNow(c, await c.var.engine.webhooks.claimTest(key)), 201)
  })
  router.openapi(redeliverRoute, async (c) => {
    const { id: endpointId, deliveryId } = c.req.valid('param')
    const key = { organizationId: organizationIdOf(c), endpointId }
    return c.json(await sendNow(c, await c.var.engine.webhooks.claimOne(key, deliveryId)), 200)
  })
  return router
}

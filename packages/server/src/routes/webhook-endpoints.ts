import { randomBytes } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { errorOf, eventTypes } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { checkEndpointUrl } from '../notifications/check-url.ts'
import { type NotificationContext, webhookPlace } from '../notifications/settings.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, jsonBody, refusals, replayedOutput, textInput, timeOutput } from '../schemas.ts'
import {
  endpointChange,
  endpointInput,
  endpointJson,
  endpointSchema,
  endpointShape,
} from './webhook-schemas.ts'

const shared = { tags: ['Webhooks'] }
const params = z.object({ id: textInput() })
const secretOutput = z
  .string()
  .nullable()
  .openapi({ description: 'whsec_…; null where the Idempotency-Key’s first answer showed it.' })
const once = {
  secret: secretOutput,
  notice: z.string().optional(),
  replayed: replayedOutput,
}
const headers = z.object({ 'idempotency-key': z.string().optional() })

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/webhook-endpoints',
  summary: 'Endpoints, oldest first, and the types of events there are',
  ...protectedRoute('GET /webhook-endpoints'),
  responses: {
    200: jsonAnswer(
      z.object({
        webhookEndpoints: z.array(endpointSchema),
        eventTypes: z.array(z.string()).openapi({ description: 'Of Stipend; a host may have more.' }),
      }),
      'The endpoints',
    ),
    ...refusals,
  },
})

const createEndpointRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/webhook-endpoints',
  summary: 'Add an endpoint; its secret is shown this once',
  ...protectedRoute('POST /webhook-endpoints'),
  request: { headers, body: jsonBody(endpointInput) },
  responses: {
    201: jsonAnswer(
      z.object({ ...endpointShape, ...once }).openapi('CreatedWebhookEndpoint'),
      'The endpoint with its secret',
    ),
    ...refusals,
  },
})

const changeRoute = createRoute({
  ...shared,
  method: 'patch',
  path: '/webhook-endpoints/{id}',
  summary: 'Change it; what is left out stays. Enabled again, it gets what waited for it',
  ...protectedRoute('PATCH /webhook-endpoints/{id}'),
  request: { params, body: jsonBody(endpointChange) },
  responses: { 200: jsonAnswer(endpointSchema, 'The endpoint'), ...refusals },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/webhook-endpoints/{id}',
  summary: 'Remove it with its deliveries',
  ...protectedRoute('DELETE /webhook-endpoints/{id}'),
  request: { params },
  responses: { 204: { description: 'Removed' }, ...refusals },
})

const rotateRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/webhook-endpoints/{id}/rotate-secret',
  summary: 'Replace the secret; for a while deliveries are signed with the one before too',
  ...protectedRoute('POST /webhook-endpoints/{id}/rotate-secret'),
  request: {
    params,
    headers,
    body: {
      required: false,
      content: {
        'application/json': {
          schema: z
            .strictObject({
              overlapHours: z
                .int('must be a whole number from 0 to 168')
                .min(0, 'must be a whole number from 0 to 168')
                .max(168, 'must be a whole number from 0 to 168')
                .optional()
                .openapi({ description: 'Default 24.' }),
            })
            .openapi('RotateSecretRequest'),
        },
      },
    },
  },
  responses: {
    200: jsonAnswer(
      z.object({ ...once, previousSecretExpiresAt: timeOutput }).openapi('RotatedSecret'),
      'The new secret',
    ),
    ...refusals,
  },
})

/** By Standard Webhooks: 24 to 64 random bytes. */
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/** Where an organization's own programs take events. */
export function webhookEndpointRoutes({ notifications }: { notifications: NotificationContext }) {
  const { options, secrets } = notifications
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const endpoints = await c.var.engine.webhooks.listEndpoints(organizationIdOf(c))
    return c.json({ webhookEndpoints: endpoints.map(endpointJson), eventTypes: [...eventTypes] }, 200)
  })
  router.openapi(createEndpointRoute, async (c) => {
    const { url, ...input } = c.req.valid('json')
    const organizationId = organizationIdOf(c)
    const secret = newSecret()
    const endpoint = await c.var.engine.webhooks.createEndpoint(organizationId, {
      ...input,
      url: checkEndpointUrl(url, options),
      secret: secrets.seal(secret, webhookPlace(organizationId)),
    })
    return c.json({ ...endpointJson(endpoint), secret, replayed: false }, 201)
  })
  router.openapi(changeRoute, async (c) => {
    const { url, enabled, ...changes } = c.req.valid('json')
    const key = { organizationId: organizationIdOf(c), endpointId: c.req.valid('param').id }
    const endpoint = await c.var.engine.webhooks.changeEndpoint(key, {
      ...changes,
      ...(url === undefined ? {} : { url: checkEndpointUrl(url, options) }),
      ...(enabled === undefined ? {} : { isEnabled: enabled }),
    })
    return c.json(endpointJson(endpoint), 200)
  })
  router.openapi(deleteRoute, async (c) => {
    const { id } = c.req.valid('param')
    const found = await c.var.engine.webhooks.deleteEndpoint({
      organizationId: organizationIdOf(c),
      endpointId: id,
    })
    if (!found) throw errorOf('not_found', { message: 'No such endpoint.', id })
    return c.body(null, 204)
  })
  router.openapi(rotateRoute, async (c) => {
    const organizationId = organizationIdOf(c)
    const secret = newSecret()
    const until = await c.var.engine.webhooks.rotateSecret(
      { organizationId, endpointId: c.req.valid('param').id },
      {
        secret: secrets.seal(secret, webhookPlace(organizationId)),
        overlapHours: c.req.valid('json')?.overlapHours ?? 24,
      },
    )
    return c.json({ secret, previousSecretExpiresAt: until.toISOString(), replayed: false }, 200)
  })
  return router
}

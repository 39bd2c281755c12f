import { createRoute, z } from '@hono/zod-openapi'
import { type ApiKey, apiKeyScopes, errorOf } from '@stipend/engine'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  jsonAnswer,
  jsonBody,
  refusals,
  replayedOutput,
  textInput,
  timeInput,
  timeOrNull,
  timeOutput,
} from '../schemas.ts'

const shared = { tags: ['API keys'] }

const apiKeyShape = {
  id: z.string(),
  organizationId: z.string().nullable().openapi({ description: 'null: a platform key.' }),
  name: z.string(),
  prefix: z.string().openapi({ description: 'First characters, to tell keys apart.' }),
  scopes: z.array(z.enum(apiKeyScopes)),
  createdBy: z.string().nullable(),
  createdAt: timeOutput,
  expiresAt: timeOutput.nullable(),
  revokedAt: timeOutput.nullable(),
  lastUsedAt: timeOutput.nullable(),
}

const apiKeySchema = z.object(apiKeyShape).openapi('ApiKey')

function apiKeyJson(apiKey: ApiKey) {
  return {
    ...apiKey,
    scopes: [...apiKey.scopes],
    createdAt: apiKey.createdAt.toISOString(),
    expiresAt: timeOrNull(apiKey.expiresAt),
    revokedAt: timeOrNull(apiKey.revokedAt),
    lastUsedAt: timeOrNull(apiKey.lastUsedAt),
  }
}

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/api-keys',
  summary: 'Keys, newest first, revoked ones too; for a platform key without the header: platform keys',
  ...protectedRoute('GET /api-keys'),
  responses: { 200: jsonAnswer(z.object({ apiKeys: z.array(apiKeySchema) }), 'The keys'), ...refusals },
})

const createKeyRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/api-keys',
  summary: 'Create a key; its secret is shown this once',
  ...protectedRoute('POST /api-keys'),
  request: {
    headers: z.object({ 'idempotency-key': z.string().optional() }),
    body: jsonBody(
      z
        .strictObject({
          name: textInput(100),
          scopes: z.array(z.enum(apiKeyScopes)).min(1, 'must name at least one scope').max(20),
          expiresAt: timeInput.optional(),
        })
        .openapi('ApiKeyRequest'),
    ),
  },
  responses: {
    201: jsonAnswer(
      z
        .object({
          ...apiKeyShape,
          secret: z
            .string()
            .nullable()
            .openapi({ description: 'null where the Idempotency-Key’s first answer showed it.' }),
          notice: z.string().optional(),
          replayed: replayedOutput,
        })
        .openapi('CreatedApiKey'),
      'The key with its secret',
    ),
    ...refusals,
  },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/api-keys/{id}',
  summary: 'Revoke a key at once',
  ...protectedRoute('DELETE /api-keys/{id}'),
  request: { params: z.object({ id: textInput() }) },
  responses: { 204: { description: 'Revoked' }, ...refusals },
})

/** API keys of an organization, or of the platform. */
export function apiKeyRoutes() {
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const { organizationId, engine } = c.var
    const apiKeys = await engine.listApiKeys(organizationId)
    if (apiKeys.length === 0 && organizationId !== null) await engine.checkCreditBalance(organizationId)
    return c.json({ apiKeys: apiKeys.map(apiKeyJson) }, 200)
  })
  router.openapi(createKeyRoute, async (c) => {
    const { organizationId, principal, engine } = c.var
    const created = await engine.createApiKey({
      organizationId,
      ...c.req.valid('json'),
      createdBy: `${principal.actor.type}:${principal.actor.id}`,
    })
    return c.json({ ...apiKeyJson(created.apiKey), secret: created.secret, replayed: false }, 201)
  })
  router.openapi(deleteRoute, async (c) => {
    const { id } = c.req.valid('param')
    const found = await c.var.engine.revokeApiKey({ organizationId: c.var.organizationId, id })
    if (!found) throw errorOf('not_found', { message: 'No such API key.', id })
    return c.body(null, 204)
  })
  return router
}

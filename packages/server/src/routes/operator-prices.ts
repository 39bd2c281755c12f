import { createRoute, z } from '@hono/zod-openapi'
import type { ModelPrices, RecordedPrice } from '@stipend/engine'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, jsonBody, refusals, textInput, timeInput, timeOutput } from '../schemas.ts'

const shared = { tags: ['Operator'] }
const params = z.object({ model: textInput(100).openapi({ description: 'Catalog key.' }) })
const usd = z.string().openapi({ description: 'US dollars per million tokens.', example: '0.25' })
const usdInput = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,9})?$/, 'must be US dollars per million tokens, a plain decimal such as "0.25"')

const priceSchema = z
  .object({
    source: z.enum(['operator', 'catalog', 'library']),
    input: usd.nullable(),
    output: usd.nullable(),
    effectiveAt: timeOutput,
  })
  .openapi('ModelPrice')

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/prices',
  summary: "The catalog's models with the price in force, the library's, and what is to come",
  ...protectedRoute('GET /operator/prices'),
  responses: {
    200: jsonAnswer(
      z.object({
        models: z.array(
          z.object({
            model: z.string(),
            modelId: z.string(),
            price: priceSchema.nullable().openapi({ description: 'null: the model is not called.' }),
            library: priceSchema.nullable(),
            pending: z.array(priceSchema),
          }),
        ),
        findings: z.array(
          z.object({
            model: z.string(),
            kind: z.enum(['missing', 'stale', 'overridden', 'unrecorded']),
            detail: z.string(),
          }),
        ),
      }),
      'Prices, and what `stipend prices check` would say',
    ),
    ...refusals,
  },
})

const putRoute = createRoute({
  ...shared,
  method: 'put',
  path: '/operator/prices/{model}',
  summary:
    "Set a price of the operator's own, before the catalog's and the library's; nothing of the past changes",
  ...protectedRoute('PUT /operator/prices/{model}'),
  request: {
    params,
    body: jsonBody(
      z.strictObject({
        input: usdInput,
        output: usdInput,
        cachedInput: usdInput.optional(),
        cacheWrite: usdInput.optional(),
        reasoning: usdInput.optional(),
        effectiveAt: timeInput.optional(),
        reason: textInput(1000),
      }),
    ),
  },
  responses: { 200: jsonAnswer(priceSchema, 'Set'), ...refusals },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/operator/prices/{model}',
  summary: "End the operator's own price of a model, with those to come",
  ...protectedRoute('DELETE /operator/prices/{model}'),
  request: { params, body: jsonBody(z.strictObject({ reason: textInput(1000) })) },
  responses: { 200: jsonAnswer(z.object({ found: z.boolean() }), 'Whether there was one'), ...refusals },
})

export function operatorPriceRoutes() {
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const { engine } = c.var
    const [models, findings] = await Promise.all([engine.listModelPrices(), engine.checkModelPrices()])
    return c.json(
      {
        models: models.map(modelJson),
        findings: findings.map(({ model, kind, detail }) => ({ model, kind, detail })),
      },
      200,
    )
  })
  router.openapi(putRoute, async (c) => {
    const { actor } = c.var.principal
    const price = await c.var.engine.putModelPrice({
      ...c.req.valid('json'),
      ...c.req.valid('param'),
      author: actor.name ?? actor.id,
    })
    return c.json(priceJson(price), 200)
  })
  router.openapi(deleteRoute, async (c) => {
    const { actor } = c.var.principal
    const { reason } = c.req.valid('json')
    const { model } = c.req.valid('param')
    return c.json(
      { found: await c.var.engine.clearModelPrice({ model, reason, author: actor.name ?? actor.id }) },
      200,
    )
  })
  return router
}

function modelJson({ model, provider, modelId, price, library, pending }: ModelPrices) {
  return {
    model,
    modelId: `${provider}/${modelId}`,
    price: price === null ? null : priceJson(price),
    library: library === null ? null : priceJson(library),
    pending: pending.map(priceJson),
  }
}

function priceJson({ source, rates, effectiveAt }: RecordedPrice) {
  return {
    source,
    input: rates?.input ?? null,
    output: rates?.output ?? null,
    effectiveAt: effectiveAt.toISOString(),
  }
}

import { createRoute, z } from '@hono/zod-openapi'
import { type AccessDecision, type CapabilityOffer, creditsToNumber } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { problemOf } from '../problem.ts'
import { createRouter } from '../router.ts'
import {
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  jsonBody,
  problemSchema,
  refusals,
  textInput,
  tokensInput,
} from '../schemas.ts'

/** `nullable()` on a named schema says in the document that null is none of its values. */
const problemOrNull = z.union([problemSchema, z.null()])

const limitOutput = z.int().nullable()

export const capabilitySchema = z
  .object({
    capability: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    isEnabled: z.boolean(),
    rateLimits: z
      .object({ perMinute: limitOutput, perHour: limitOutput, perDay: limitOutput })
      .openapi({ description: 'null: unlimited.' }),
    qualities: z.array(
      z.object({
        quality: z.string(),
        name: z.string(),
        estimatedCredits: creditsOutput,
        models: z.array(z.string()),
        isDefault: z.boolean(),
      }),
    ),
  })
  .openapi('Capability')

const capabilitiesRoute = createRoute({
  method: 'get',
  path: '/ai/capabilities',
  summary: 'What the plan includes, quality levels low to high',
  tags: ['AI'],
  ...protectedRoute('GET /ai/capabilities'),
  responses: {
    200: jsonAnswer(z.object({ capabilities: z.array(capabilitySchema) }), 'The capabilities'),
    ...refusals,
  },
})

export function capabilityJson(offer: CapabilityOffer) {
  return {
    ...offer,
    qualities: offer.qualities.map((quality) => ({
      ...quality,
      estimatedCredits: creditsToNumber(quality.estimatedCredits),
    })),
  }
}

const modelSchema = z.object({ key: z.string(), modelId: z.string() })

const decisionSchema = z
  .object({
    quality: z.string(),
    isAllowed: z.boolean(),
    models: z.array(modelSchema),
    estimatedCredits: creditsOutput.nullable().openapi({ description: 'What would be held.' }),
    maximumCredits: creditsOutput.nullable().openapi({ description: 'The most that the call can cost.' }),
    refusal: problemOrNull,
  })
  .openapi('AccessDecision')

const accessCheckRoute = createRoute({
  method: 'post',
  path: '/ai/access-check',
  summary: 'The decision that reserving would make, without the hold, per quality level',
  tags: ['AI'],
  ...protectedRoute('POST /ai/access-check'),
  request: {
    body: jsonBody(
      z.strictObject({
        capability: textInput(100),
        quality: textInput(100).optional(),
        model: textInput().optional(),
        promptTokens: tokensInput().optional(),
        maxOutputTokens: tokensInput(1).optional(),
      }),
    ),
  },
  responses: {
    200: jsonAnswer(
      z.object({
        capability: z.string(),
        isAllowed: z.boolean().openapi({ description: 'At one of the quality levels at least.' }),
        balance: creditsOutput.nullable(),
        spendable: creditsOutput.nullable().openapi({ description: 'null: unlimited, or refused.' }),
        qualities: z
          .array(decisionSchema)
          .openapi({ description: 'Allowed by the plan, or the one asked for.' }),
        refusal: problemOrNull.openapi({ description: 'Why the plan does not allow the call at all.' }),
      }),
      'The decisions; unknown names are refused with 404',
    ),
    ...refusals,
  },
})

function decisionJson(quality: string, decision: AccessDecision, requestId: string) {
  return {
    quality,
    isAllowed: decision.isAllowed,
    models: [...decision.models],
    estimatedCredits: creditsOrNull(decision.estimatedCredits),
    maximumCredits: creditsOrNull(decision.maximumCredits),
    refusal: decision.refusal === null ? null : refusalJson(decision.refusal, requestId),
  }
}

function refusalJson(refusal: NonNullable<AccessDecision['refusal']>, requestId: string) {
  // An unknown name or a failure is no decision.
  if (refusal.status === 404 || refusal.status === 400 || refusal.code === 'internal') throw refusal
  const { scope, remedy, ...problem } = problemOf(refusal, requestId)
  return {
    ...problem,
    ...(scope === undefined ? {} : { scope }),
    ...(remedy === undefined ? {} : { remedy: { action: String(remedy['action']), ...remedy } }),
  }
}

/** What may be called. */
export function aiRoutes() {
  const router = createRouter()
  router.openapi(capabilitiesRoute, async (c) => {
    const organizationId = organizationIdOf(c)
    const offers = await c.var.engine.listCapabilities(organizationId)
    // Nothing for a plan without capabilities, and for an organization that does not exist.
    if (offers.length === 0) await c.var.engine.checkCreditBalance(organizationId)
    return c.json({ capabilities: offers.map(capabilityJson) }, 200)
  })
  router.openapi(accessCheckRoute, async (c) => {
    const { requestId, engine } = c.var
    const { quality, ...call } = c.req.valid('json')
    const input = { ...call, organizationId: organizationIdOf(c), actor: c.var.principal.actor }
    const access = await engine.checkCapabilityAccess({ ...input, quality })
    const refusal = access.refusal === null ? null : refusalJson(access.refusal, requestId)
    const allowed = access.offer?.qualities.map((level) => level.quality) ?? []
    const levels = quality === undefined ? allowed : [quality]
    const decisions = await Promise.all(
      levels.map((level) => engine.checkAIAccess({ ...input, quality: level })),
    )
    const admitted = decisions.find((decision) => decision.isAllowed)
    return c.json(
      {
        capability: call.capability,
        isAllowed: admitted !== undefined,
        balance: creditsOrNull(admitted?.balance ?? null),
        spendable: creditsOrNull(admitted?.spendable ?? null),
        qualities: decisions.map((decision, index) => decisionJson(levels[index] ?? '', decision, requestId)),
        refusal,
      },
      200,
    )
  })
  return router
}

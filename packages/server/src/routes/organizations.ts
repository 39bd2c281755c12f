import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, grantTypes, invalid, type Posting } from '@stipend/engine'
import type { Context } from 'hono'
import { setReplayedHeader } from '../charge-headers.ts'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsInput,
  creditsOrZeroInput,
  creditsOutput,
  jsonAnswer,
  jsonBody,
  refusals,
  replayedOutput,
  signedCreditsInput,
  textInput,
  timeInput,
  timeOrNull,
  timeOutput,
} from '../schemas.ts'
import { transactionJson, transactionSchema } from './transactions.ts'

const shared = { tags: ['Organizations'] }
const params = z.object({ id: textInput() })
const headers = z.object({
  'idempotency-key': z.string().optional().openapi({ description: 'The first answer is kept 48 hours.' }),
})

const putRoute = createRoute({
  ...shared,
  method: 'put',
  path: '/organizations/{id}',
  summary: 'Create an organization on a plan, take in an existing customer, or rename; a plan once set stays',
  ...protectedRoute('PUT /organizations/{id}'),
  request: {
    params,
    body: jsonBody(
      z
        .strictObject({
          name: textInput(),
          plan: textInput(100),
          takeIn: z
            .strictObject({
              periodAnchor: timeInput,
              monthlyCredits: creditsOrZeroInput.optional(),
              bonusCredits: creditsOrZeroInput.optional(),
            })
            .transform(({ periodAnchor, monthlyCredits, bonusCredits }) => ({
              periodAnchor,
              ...(monthlyCredits === undefined ? {} : { monthlyCredits }),
              ...(bonusCredits === undefined ? {} : { bonusCredits }),
            }))
            .optional(),
        })
        .openapi('OrganizationRequest'),
    ),
  },
  responses: {
    200: jsonAnswer(z.object({ id: z.string(), isNew: z.boolean(), plan: z.string() }), 'It existed'),
    201: jsonAnswer(z.object({ id: z.string(), isNew: z.boolean(), plan: z.string() }), 'Created'),
    ...refusals,
  },
})

const getRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/organizations/{id}',
  summary: 'An organization and its plan',
  ...protectedRoute('GET /organizations/{id}'),
  request: { params },
  responses: {
    200: jsonAnswer(
      z
        .object({
          id: z.string(),
          name: z.string(),
          plan: z.string(),
          status: z.enum(['active', 'past_due', 'suspended']),
          unlimited: z.boolean(),
          monthlyAllocation: creditsOutput,
          isLow: z.boolean(),
          pendingPlan: z.string().nullable(),
          pendingChangeAt: timeOutput.nullable(),
          periodStartsAt: timeOutput,
          periodEndsAt: timeOutput,
        })
        .openapi('Organization'),
      'The organization',
    ),
    ...refusals,
  },
})

const postingSchema = z
  .object({
    replayed: replayedOutput,
    transaction: transactionSchema,
  })
  .openapi('Posting')

const sourceId = textInput().optional().openapi({
  description: 'What it is for, such as a payment: posted once, for ever. Default: the Idempotency-Key.',
})

const grantRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/organizations/{id}/grants',
  summary: 'Grant bonus credits, once per source',
  ...protectedRoute('POST /organizations/{id}/grants'),
  request: {
    params,
    headers,
    body: jsonBody(
      z
        .strictObject({
          type: z.enum(grantTypes),
          credits: creditsInput,
          sourceId,
          priority: z.int().min(0).max(1000).optional().openapi({ description: 'Lower is spent first.' }),
          expiresAt: timeInput.optional(),
          reason: textInput(1000).optional(),
        })
        .openapi('GrantRequest'),
    ),
  },
  responses: {
    200: jsonAnswer(postingSchema, 'It had been granted before'),
    201: jsonAnswer(postingSchema, 'Granted'),
    ...refusals,
  },
})

const adjustRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/organizations/{id}/adjustments',
  summary: 'Correct the balance with a reason, once per source; what no pool has becomes debt',
  ...protectedRoute('POST /organizations/{id}/adjustments'),
  request: {
    params,
    headers,
    body: jsonBody(
      z
        .strictObject({ credits: signedCreditsInput, reason: textInput(1000), sourceId })
        .openapi('AdjustmentRequest'),
    ),
  },
  responses: {
    200: jsonAnswer(postingSchema, 'It had been posted before'),
    201: jsonAnswer(postingSchema, 'Posted'),
    ...refusals,
  },
})

const planRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/organizations/{id}/plan',
  summary: 'Change the plan: up at once, down at the period’s end; the current plan revokes what is pending',
  ...protectedRoute('POST /organizations/{id}/plan'),
  request: { params, headers, body: jsonBody(z.strictObject({ plan: textInput(100) })) },
  responses: {
    200: jsonAnswer(
      z
        .object({
          plan: z.string(),
          pendingPlan: z.string().nullable(),
          pendingChangeAt: timeOutput.nullable(),
          creditsAdded: creditsOutput,
          replayed: replayedOutput,
        })
        .openapi('PlanChange'),
      'The plan now and what is pending',
    ),
    ...refusals,
  },
})

/** Organizations and what an operator does to them. */
export function organizationRoutes() {
  const router = createRouter()
  router.openapi(putRoute, async (c) => {
    const put = await c.var.engine.putOrganization({
      organizationId: organizationIdOf(c),
      ...c.req.valid('json'),
    })
    return c.json({ id: put.organizationId, isNew: put.isNew, plan: put.plan }, put.isNew ? 201 : 200)
  })
  router.openapi(getRoute, async (c) => {
    const id = organizationIdOf(c)
    const { engine } = c.var
    const [{ name }, balance] = await Promise.all([engine.getOrganization(id), engine.checkCreditBalance(id)])
    return c.json(
      {
        id,
        name,
        plan: balance.plan,
        status: balance.status,
        unlimited: balance.unlimited,
        monthlyAllocation: creditsToNumber(balance.monthlyAllocation),
        isLow: balance.isLow,
        pendingPlan: balance.pendingPlan,
        pendingChangeAt: timeOrNull(balance.pendingChangeAt),
        periodStartsAt: balance.periodStartsAt.toISOString(),
        periodEndsAt: balance.periodEndsAt.toISOString(),
      },
      200,
    )
  })
  router.openapi(grantRoute, async (c) => {
    const body = c.req.valid('json')
    const posting = await c.var.engine.grantCredits({
      ...body,
      organizationId: organizationIdOf(c),
      sourceId: sourceOf(c, body.sourceId),
      actor: c.var.principal.actor,
    })
    setReplayedHeader(c, posting)
    return c.json(postingJson(posting), posting.isReplay ? 200 : 201)
  })
  router.openapi(adjustRoute, async (c) => {
    const body = c.req.valid('json')
    const posting = await c.var.engine.adjustCredits({
      ...body,
      organizationId: organizationIdOf(c),
      sourceId: sourceOf(c, body.sourceId),
      actor: c.var.principal.actor,
    })
    setReplayedHeader(c, posting)
    return c.json(postingJson(posting), posting.isReplay ? 200 : 201)
  })
  router.openapi(planRoute, async (c) => {
    const change = await c.var.engine.changePlan({
      organizationId: organizationIdOf(c),
      plan: c.req.valid('json').plan,
    })
    const { plan, pendingPlan, pendingChangeAt, creditsAdded } = change
    return c.json(
      {
        plan,
        pendingPlan,
        pendingChangeAt: timeOrNull(pendingChangeAt),
        creditsAdded: creditsToNumber(creditsAdded),
        replayed: false,
      },
      200,
    )
  })
  return router
}

function postingJson(posting: Posting) {
  return { replayed: posting.isReplay, transaction: transactionJson(posting.transaction) }
}

function sourceOf(c: Context<StipendEnv>, given: string | undefined): string {
  const source = given ?? idempotencyKeyOf(c)
  if (source === undefined) {
    throw invalid('sourceId', 'must be given, here or as the header Idempotency-Key')
  }
  return source
}

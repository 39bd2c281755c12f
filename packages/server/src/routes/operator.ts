import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, type OrganizationSummary } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOutput,
  jsonAnswer,
  refusals,
  textInput,
  timeOrNull,
  timeOutput,
  wholeNumberQuery,
} from '../schemas.ts'
import { auditEntrySchema, auditJson } from './operator-audit.ts'

const shared = { tags: ['Operator'] }
const statuses = ['active', 'past_due', 'suspended'] as const

const overviewRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/overview',
  summary: 'Organizations by plan, and what waits where',
  ...protectedRoute('GET /operator/overview'),
  responses: {
    200: jsonAnswer(
      z
        .object({
          plans: z.array(
            z.object({ plan: z.string(), organizations: z.int(), pastDue: z.int(), suspended: z.int() }),
          ),
          inDebt: z.int(),
          openHolds: z.int(),
          settleIntents: z.int(),
          pendingEvents: z.int(),
          oldestPendingEventAt: timeOutput.nullable(),
          pendingDeliveries: z.int(),
          failedDeliveries: z.int(),
          disabledEndpoints: z.int(),
          pendingMessages: z.int(),
          failedMessages: z.int(),
          movedSinceCheckpoint: z.int(),
          checkpoint: z.object({ number: z.int(), hash: z.string(), createdAt: timeOutput }).nullable(),
          jobs: z.array(
            z.object({
              name: z.string(),
              endedAt: timeOutput,
              ms: z.int(),
              count: z.int(),
              code: z.string().nullable(),
              lastSuccessAt: timeOutput.nullable(),
              runs: z.int(),
              failures: z.int(),
            }),
          ),
        })
        .openapi('OperatorOverview'),
      'Counts of now',
    ),
    ...refusals,
  },
})

const organizationSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    plan: z.string(),
    status: z.enum(statuses),
    pendingPlan: z.string().nullable(),
    unlimited: z.boolean(),
    balance: creditsOutput,
    reservedCredits: creditsOutput,
    usedThisPeriod: creditsOutput,
    monthlyAllocation: creditsOutput,
    debtCredits: creditsOutput,
    periodEndsAt: timeOutput,
    lastTransactionAt: timeOutput,
    createdAt: timeOutput,
  })
  .openapi('OrganizationSummary')

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/organizations',
  summary: 'Organizations by id, found by a part of id or name',
  ...protectedRoute('GET /operator/organizations'),
  request: {
    query: z.strictObject({
      search: textInput().optional(),
      plan: textInput(100).optional(),
      status: z.enum(statuses).optional(),
      after: textInput().optional().openapi({ description: 'next of the page before.' }),
      limit: wholeNumberQuery(1, 200).optional(),
    }),
  },
  responses: {
    200: jsonAnswer(
      z.object({ organizations: z.array(organizationSchema), next: z.string().nullable() }),
      'A page',
    ),
    ...refusals,
  },
})

const storyRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/organizations/{id}',
  summary: 'One organization: subscription, grants, and what operators have done to it',
  ...protectedRoute('GET /operator/organizations/{id}'),
  request: { params: z.object({ id: textInput() }) },
  responses: {
    200: jsonAnswer(
      z
        .object({
          id: z.string(),
          name: z.string(),
          subscription: z.object({
            status: z.string(),
            paidUntil: timeOutput.nullable(),
            stripeCustomerId: z.string().nullable(),
            stripeSubscriptionId: z.string().nullable(),
            stripeStatus: z.string().nullable(),
            paymentFailedAt: timeOutput.nullable(),
          }),
          grants: z.array(
            z.object({
              id: z.string(),
              type: z.string(),
              credits: creditsOutput,
              remaining: creditsOutput,
              priority: z.int(),
              expiresAt: timeOutput.nullable(),
              createdAt: timeOutput,
            }),
          ),
          audit: z.array(auditEntrySchema),
        })
        .openapi('OrganizationStory'),
      'Its story; transactions, holds, limits and budgets are read with the header Stipend-Organization',
    ),
    ...refusals,
  },
})

/** What operators look at first. */
export function operatorRoutes() {
  const router = createRouter()
  router.openapi(overviewRoute, async (c) => {
    const { engine } = c.var
    const [overview, jobs, checkpoint] = await Promise.all([
      engine.operator.overview(),
      engine.operator.listJobs(),
      engine.proof.latestCheckpoint(),
    ])
    return c.json(
      {
        ...overview,
        oldestPendingEventAt:
          overview.oldestPendingEventAt === null
            ? null
            : new Date(overview.oldestPendingEventAt).toISOString(),
        checkpoint:
          checkpoint === null
            ? null
            : {
                number: checkpoint.number,
                hash: checkpoint.hash,
                createdAt: checkpoint.createdAt.toISOString(),
              },
        jobs: jobs.map((job) => ({
          ...job,
          endedAt: job.endedAt.toISOString(),
          lastSuccessAt: timeOrNull(job.lastSuccessAt),
        })),
      },
      200,
    )
  })
  router.openapi(listRoute, async (c) => {
    const { organizations, next } = await c.var.engine.operator.listOrganizations(c.req.valid('query'))
    return c.json({ organizations: organizations.map(summaryJson), next }, 200)
  })
  router.openapi(storyRoute, async (c) => {
    const { engine } = c.var
    const organizationId = organizationIdOf(c)
    const [{ name }, state, grants, audit] = await Promise.all([
      engine.getOrganization(organizationId),
      engine.billing.getState(organizationId),
      engine.operator.listGrants(organizationId),
      engine.operator.listAudit({ organizationId }),
    ])
    return c.json(
      {
        id: organizationId,
        name,
        subscription: {
          status: state.status,
          paidUntil: timeOrNull(state.paidUntil),
          stripeCustomerId: state.customerId,
          stripeSubscriptionId: state.subscription?.id ?? null,
          stripeStatus: state.subscription?.status ?? null,
          paymentFailedAt: timeOrNull(state.subscription?.paymentFailed?.at ?? null),
        },
        grants: grants.map((grant) => ({
          ...grant,
          credits: creditsToNumber(grant.credits),
          remaining: creditsToNumber(grant.remaining),
          expiresAt: timeOrNull(grant.expiresAt),
          createdAt: grant.createdAt.toISOString(),
        })),
        audit: audit.entries.map(auditJson),
      },
      200,
    )
  })
  return router
}

function summaryJson({ organizationId, isUnlimited, ...row }: OrganizationSummary) {
  return {
    ...row,
    id: organizationId,
    unlimited: isUnlimited,
    balance: creditsToNumber(row.balance),
    reservedCredits: creditsToNumber(row.reservedCredits),
    usedThisPeriod: creditsToNumber(row.usedThisPeriod),
    monthlyAllocation: creditsToNumber(row.monthlyAllocation),
    debtCredits: creditsToNumber(row.debtCredits),
    periodEndsAt: row.periodEndsAt.toISOString(),
    lastTransactionAt: row.lastTransactionAt.toISOString(),
    createdAt: row.createdAt.toISOString(),
  }
}

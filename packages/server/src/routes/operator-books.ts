import { createRoute, z } from '@hono/zod-openapi'
import { type CheckpointKey, creditsToNumber, errorOf, marginGroups } from '@stipend/engine'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOutput,
  jsonAnswer,
  jsonBody,
  refusals,
  textInput,
  timeOutput,
  wholeNumberQuery,
} from '../schemas.ts'
import type { StripeContext } from '../stripe/context.ts'
import { type Drift, findDrift } from '../stripe/reconcile.ts'
import { requirePayments } from './billing-schemas.ts'

const shared = { tags: ['Operator'] }
const textOrNull = z.string().nullable()

const verifyRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/operator/ledger/verify',
  summary:
    'Prove the books of one organization, or of all from the last signed checkpoint on; changes nothing',
  ...protectedRoute('POST /operator/ledger/verify'),
  request: {
    body: jsonBody(
      z.strictObject({
        organizationId: textInput().optional(),
        full: z.boolean().optional().openapi({ description: 'Every row from the first.' }),
      }),
    ),
  },
  responses: {
    200: jsonAnswer(
      z
        .object({
          organizations: z.int(),
          transactions: z.int(),
          fromCheckpoint: z.int(),
          checkpoint: z.object({ number: z.int(), hash: z.string(), createdAt: timeOutput }).nullable(),
          problems: z.array(
            z.object({
              organizationId: textOrNull,
              problem: z.string(),
              sequence: z.int().nullable(),
              expected: textOrNull,
              found: textOrNull,
            }),
          ),
        })
        .openapi('LedgerVerification'),
      'What was proven, and what contradicts itself',
    ),
    ...refusals,
  },
})

const reconcileRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/operator/reconciliation',
  summary: 'Compare the books with Stripe; changes nothing',
  ...protectedRoute('POST /operator/reconciliation'),
  request: {
    body: jsonBody(
      z.strictObject({ organizationId: textInput().optional(), days: z.int().min(1).max(365).optional() }),
    ),
  },
  responses: {
    200: jsonAnswer(
      z.object({
        drift: z.array(
          z
            .object({
              organizationId: z.string(),
              kind: z.string(),
              object: z.string(),
              stripe: z.string(),
              books: z.string(),
              command: z.string().openapi({ description: 'What mends it.' }),
            })
            .openapi('Drift'),
        ),
      }),
      'Where they differ',
    ),
    ...refusals,
  },
})

const marginsRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/margins',
  summary: 'What calls cost and brought',
  ...protectedRoute('GET /operator/margins'),
  request: {
    query: z.strictObject({
      groupBy: z.enum(marginGroups).optional(),
      days: wholeNumberQuery(1, 366).optional(),
      organizationId: textInput().optional(),
    }),
  },
  responses: {
    200: jsonAnswer(
      z.object({
        margins: z.array(
          z
            .object({
              group: textOrNull,
              charges: z.int(),
              credits: creditsOutput,
              chargeUsd: z.string(),
              costUsd: textOrNull,
              marginUsd: textOrNull,
              unchargedCredits: creditsOutput,
            })
            .openapi('Margin'),
        ),
      }),
      'By group',
    ),
    ...refusals,
  },
})

const deliveriesRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/deliveries',
  summary: 'Webhook endpoints that fail or were disabled, of all organizations',
  ...protectedRoute('GET /operator/deliveries'),
  responses: {
    200: jsonAnswer(
      z.object({
        endpoints: z.array(
          z.object({
            organizationId: z.string(),
            id: z.string(),
            url: z.string().openapi({ description: 'Origin alone.' }),
            enabled: z.boolean(),
            disabledReason: textOrNull,
            failingSince: timeOutput.nullable(),
            lastStatus: z.int().nullable(),
            lastError: textOrNull,
            pending: z.int(),
            failed: z.int(),
          }),
        ),
      }),
      'The worst first',
    ),
    ...refusals,
  },
})

export interface BooksOptions {
  payments: StripeContext | undefined
  checkpointKey: CheckpointKey | undefined
}

/** Proof, reconciliation, margins, deliveries. */
export function operatorBooksRoutes({ payments, checkpointKey }: BooksOptions) {
  const router = createRouter()
  router.openapi(verifyRoute, async (c) => {
    const { organizationId, full } = c.req.valid('json')
    const isWide = organizationId === undefined && full === true
    if (isWide)
      throw errorOf('invalid_request', {
        field: 'full',
        rule: 'takes an organizationId here; of all: `stipend verify --full`',
      })
    const keys = checkpointKey === undefined ? undefined : [checkpointKey]
    const found = await c.var.engine.verifyLedger(organizationId, { keys, isFull: full })
    const { checkpoint } = found
    return c.json(
      {
        ...found,
        checkpoint:
          checkpoint === null
            ? null
            : {
                number: checkpoint.number,
                hash: checkpoint.hash,
                createdAt: checkpoint.createdAt.toISOString(),
              },
      },
      200,
    )
  })
  router.openapi(reconcileRoute, async (c) => {
    const drift: Drift[] = []
    for await (const found of findDrift(requirePayments(payments), c.req.valid('json'))) drift.push(found)
    return c.json({ drift }, 200)
  })
  router.openapi(marginsRoute, async (c) => {
    const { groupBy = 'plan', days = 30, organizationId } = c.req.valid('query')
    const to = new Date()
    const from = new Date(to.getTime() - days * 86_400_000)
    const margins = await c.var.engine.getMargins({ organizationId, groupBy, from, to })
    return c.json(
      {
        margins: margins.map(
          ({ group, charges, credits, chargeUsd, costUsd, marginUsd, unchargedCredits }) => ({
            group,
            charges,
            credits: creditsToNumber(credits),
            chargeUsd,
            costUsd,
            marginUsd,
            unchargedCredits: creditsToNumber(unchargedCredits),
          }),
        ),
      },
      200,
    )
  })
  router.openapi(deliveriesRoute, async (c) => {
    const endpoints = await c.var.engine.operator.listFailingEndpoints()
    return c.json(
      {
        endpoints: endpoints.map(({ failingSince, ...endpoint }) => ({
          ...endpoint,
          failingSince: failingSince?.toISOString() ?? null,
        })),
      },
      200,
    )
  })
  return router
}

import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, type Hold, holdStatuses } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  refusals,
  textInput,
  timeOrNull,
  timeOutput,
  wholeNumberQuery,
} from '../schemas.ts'

const partyOutput = z.object({ type: z.string(), id: z.string() }).nullable()

const holdSchema = z
  .object({
    id: z.string(),
    status: z.enum(holdStatuses),
    capability: z.string(),
    quality: z.string(),
    model: z.string().nullable().openapi({ description: 'The model asked for; null: the plan’s list.' }),
    estimatedCredits: creditsOutput,
    maximumCredits: creditsOutput.openapi({ description: 'The most that settling can charge.' }),
    dispatched: z.boolean().openapi({ description: 'The model has been called: an expiry is charged.' }),
    remoteBy: z.string().nullable().openapi({
      description:
        '`type:id` of who made it here, who ends it here, or an admin; null: a call of the server.',
    }),
    creditsUsed: creditsOutput.nullable().openapi({ description: 'Once it has ended.' }),
    sequence: z.int().nullable().openapi({ description: 'Ledger row; null where nothing was charged.' }),
    actor: partyOutput,
    subject: partyOutput,
    formId: z.string().nullable(),
    createdAt: timeOutput,
    leaseExpiresAt: timeOutput,
    endedAt: timeOutput.nullable(),
  })
  .openapi('StandingReservation')

function holdJson({ isDispatched, ...hold }: Hold) {
  return {
    ...hold,
    dispatched: isDispatched,
    estimatedCredits: creditsToNumber(hold.estimatedCredits),
    maximumCredits: creditsToNumber(hold.maximumCredits),
    creditsUsed: creditsOrNull(hold.creditsUsed),
    createdAt: hold.createdAt.toISOString(),
    leaseExpiresAt: hold.leaseExpiresAt.toISOString(),
    endedAt: timeOrNull(hold.endedAt),
  }
}

const getRoute = createRoute({
  method: 'get',
  path: '/reservations/{id}',
  summary: 'How a reservation stands',
  tags: ['Reservations'],
  ...protectedRoute('GET /reservations/{id}'),
  request: { params: z.object({ id: textInput() }) },
  responses: { 200: jsonAnswer(holdSchema, 'The reservation'), ...refusals },
})

const listRoute = createRoute({
  method: 'get',
  path: '/reservations',
  summary: 'Reservations, newest first: the open ones, or all of the last 90 days',
  tags: ['Reservations'],
  ...protectedRoute('GET /reservations'),
  request: {
    query: z.strictObject({
      status: z.enum(['open']).optional(),
      limit: wholeNumberQuery(1, 500).optional(),
      cursor: textInput(36).optional().openapi({ description: 'nextCursor of the page before.' }),
    }),
  },
  responses: {
    200: jsonAnswer(
      z.object({ reservations: z.array(holdSchema), nextCursor: z.string().nullable() }),
      'A page',
    ),
    ...refusals,
  },
})

/** Reservations as they stand. */
export function holdRoutes() {
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const page = await c.var.engine.listReservations({
      organizationId: organizationIdOf(c),
      ...c.req.valid('query'),
    })
    return c.json({ reservations: page.holds.map(holdJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(getRoute, async (c) => {
    const hold = await c.var.engine.getReservation({
      organizationId: organizationIdOf(c),
      reservationId: c.req.valid('param').id,
    })
    return c.json(holdJson(hold), 200)
  })
  return router
}

import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, errorOf, invalid, type Reservation, type Settlement } from '@stipend/engine'
import type { Context } from 'hono'
import { setCreditHeaders, setReplayedHeader } from '../charge-headers.ts'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { idempotencyKeyOf } from '../idempotency.ts'
import { protectedRoute, reaches } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  actorInput,
  creditHeaders,
  creditsInput,
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  jsonBody,
  refusals,
  replayedOutput,
  subjectInput,
  textInput,
  timeOutput,
  tokensInput,
  usageInput,
} from '../schemas.ts'

const statusOutput = z.enum(['open', 'settled', 'released', 'expired'])

const reservationSchema = z
  .object({
    id: z.string(),
    status: statusOutput,
    replayed: replayedOutput,
    capability: z.string(),
    quality: z.string(),
    models: z.array(z.object({ key: z.string(), modelId: z.string() })),
    estimatedCredits: creditsOutput,
    maximumCredits: creditsOutput.openapi({ description: 'The most that settling can charge.' }),
    balance: creditsOutput,
    spendable: creditsOutput.nullable().openapi({ description: 'null: unlimited.' }),
    leaseExpiresAt: timeOutput,
    creditsUsed: creditsOutput
      .nullable()
      .openapi({ description: 'Charge of a replayed call that has ended.' }),
  })
  .openapi('Reservation')

function reservationJson(reservation: Reservation) {
  return {
    id: reservation.id,
    status: reservation.status,
    replayed: reservation.isReplay,
    capability: reservation.capability,
    quality: reservation.quality,
    models: [...reservation.models],
    estimatedCredits: creditsToNumber(reservation.estimatedCredits),
    maximumCredits: creditsToNumber(reservation.maximumCredits),
    balance: creditsToNumber(reservation.balance),
    spendable: creditsOrNull(reservation.spendable),
    leaseExpiresAt: reservation.expiresAt.toISOString(),
    creditsUsed: creditsOrNull(reservation.creditsUsed),
  }
}

const settlementSchema = z
  .object({
    reservationId: z.string(),
    status: statusOutput,
    replayed: replayedOutput,
    creditsUsed: creditsOutput,
    creditsEstimated: creditsOutput,
    unchargedCredits: creditsOutput.openapi({ description: 'Cost above the most that the call may charge.' }),
    monthlyCredits: creditsOutput,
    bonusCredits: creditsOutput,
    debtCredits: creditsOutput,
    coveredCredits: creditsOutput.openapi({ description: 'Borne by an unlimited plan.' }),
    sequence: z.int().nullable().openapi({ description: 'Ledger row; null where nothing was charged.' }),
    balanceRemaining: creditsOutput,
    spendable: creditsOutput.nullable().openapi({ description: 'null: unlimited.' }),
  })
  .openapi('Settlement')

function settlementJson(settlement: Settlement) {
  return {
    reservationId: settlement.reservationId,
    status: settlement.status,
    replayed: settlement.isReplay,
    creditsUsed: creditsToNumber(settlement.creditsUsed),
    creditsEstimated: creditsToNumber(settlement.creditsEstimated),
    unchargedCredits: creditsToNumber(settlement.uncharged),
    monthlyCredits: creditsToNumber(settlement.monthly),
    bonusCredits: creditsToNumber(settlement.bonus),
    debtCredits: creditsToNumber(settlement.debt),
    coveredCredits: creditsToNumber(settlement.covered),
    sequence: settlement.sequence,
    balanceRemaining: creditsToNumber(settlement.balanceRemaining),
    spendable: creditsOrNull(settlement.spendable),
  }
}

const shared = { method: 'post' as const, tags: ['Reservations'] }
const params = z.object({ id: textInput() })

const reserveRoute = createRoute({
  ...shared,
  path: '/reservations',
  summary: 'Decide about one call and hold its estimate for five minutes',
  ...protectedRoute('POST /reservations'),
  request: {
    headers: z.object({
      'idempotency-key': z.string().optional().openapi({ description: 'One effect per key for 90 days.' }),
    }),
    body: jsonBody(
      z
        .strictObject({
          capability: textInput(100),
          quality: textInput(100).optional(),
          model: textInput().optional(),
          estimatedCredits: creditsInput.optional(),
          promptTokens: tokensInput().optional(),
          maxOutputTokens: tokensInput(1).optional(),
          actor: actorInput.optional(),
          subject: subjectInput.optional(),
        })
        .openapi('ReservationRequest'),
    ),
  },
  responses: {
    200: jsonAnswer(reservationSchema, 'How the first call of the Idempotency-Key ended'),
    201: jsonAnswer(reservationSchema, 'Admitted: the hold'),
    ...refusals,
  },
})

const settleRoute = createRoute({
  ...shared,
  path: '/reservations/{id}/settle',
  summary: 'Charge the actual cost and drop the hold; the same again answers the same',
  ...protectedRoute('POST /reservations/{id}/settle'),
  request: {
    params,
    body: jsonBody(
      z
        .strictObject({ actualCredits: creditsInput.optional(), usage: usageInput.optional() })
        .openapi('SettleRequest', { description: 'Exactly one of actualCredits and usage.' }),
    ),
  },
  responses: {
    200: { ...jsonAnswer(settlementSchema, 'The charge'), headers: creditHeaders },
    ...refusals,
  },
})

const releaseRoute = createRoute({
  ...shared,
  path: '/reservations/{id}/release',
  summary: 'Drop the hold and charge nothing; after any end the standing outcome',
  ...protectedRoute('POST /reservations/{id}/release'),
  request: { params },
  responses: { 200: jsonAnswer(settlementSchema, 'The outcome'), ...refusals },
})

const extendRoute = createRoute({
  ...shared,
  path: '/reservations/{id}/extend',
  summary: 'Renew the lease, tell the usage so far, raise the hold',
  ...protectedRoute('POST /reservations/{id}/extend'),
  request: {
    params,
    body: jsonBody(
      z
        .strictObject({
          dispatched: z.boolean().optional().openapi({ description: 'The model has been called.' }),
          usage: usageInput.optional(),
          estimatedCredits: creditsInput.optional(),
        })
        .openapi('ExtendRequest'),
    ),
  },
  responses: {
    200: jsonAnswer(
      z.object({ reservationId: z.string(), leaseExpiresAt: timeOutput, estimatedCredits: creditsOutput }),
      'The hold',
    ),
    ...refusals,
  },
})

/**
 * A hold that the caller made here, for admins anybody's. Those of the server's own calls are charged by what their
 * models used: who could settle them would choose the price.
 */
async function requireRemote(c: Context<StipendEnv>, reservationId: string) {
  const organizationId = organizationIdOf(c)
  const { remoteBy } = await c.var.engine.getReservation({ organizationId, reservationId })
  const { actor, role, scopes } = c.var.principal
  const isAdmin = role === null ? scopes.includes('admin') : reaches(role, 'admin')
  if (remoteBy !== null && (isAdmin || remoteBy === `${actor.type}:${actor.id}`)) {
    return { organizationId, reservationId }
  }
  if (remoteBy !== null) {
    const message =
      'Somebody else made this hold. Use the key or person that made it, or an admin’s key or an admin.'
    throw errorOf('forbidden', { message, reservationId, scope: 'admin' })
  }
  throw errorOf('forbidden', {
    message: 'This hold belongs to a call that the server makes: it ends with that call.',
    reservationId,
  })
}

/** Holds of calls that the caller makes itself. */
export function reservationRoutes() {
  const router = createRouter()
  router.openapi(reserveRoute, async (c) => {
    const { actor, ...call } = c.req.valid('json')
    const { principal } = c.var
    if (actor !== undefined && principal.role !== null) {
      throw invalid('actor', 'must be left out: it is who is signed in')
    }
    const reservation = await c.var.engine.reserveCredits({
      ...call,
      organizationId: organizationIdOf(c),
      actor: actor ?? principal.actor,
      remoteBy: principal.actor,
      idempotencyKey: idempotencyKeyOf(c),
    })
    setReplayedHeader(c, reservation)
    return c.json(reservationJson(reservation), reservation.isReplay ? 200 : 201)
  })
  router.openapi(settleRoute, async (c) => {
    const { actualCredits, usage } = c.req.valid('json')
    if ((actualCredits === undefined) === (usage === undefined)) {
      throw invalid('actualCredits', 'or usage must be given, exactly one of them')
    }
    const settlement = await c.var.engine.settleCredits({
      ...(await requireRemote(c, c.req.valid('param').id)),
      actualCredits,
      usage,
    })
    setCreditHeaders(c, settlement)
    return c.json(settlementJson(settlement), 200)
  })
  router.openapi(releaseRoute, async (c) => {
    const hold = await requireRemote(c, c.req.valid('param').id)
    const settlement = await c.var.engine.releaseCredits(hold)
    setReplayedHeader(c, settlement)
    return c.json(settlementJson(settlement), 200)
  })
  router.openapi(extendRoute, async (c) => {
    const { dispatched, ...more } = c.req.valid('json')
    const extension = await c.var.engine.extendReservation({
      ...(await requireRemote(c, c.req.valid('param').id)),
      isDispatched: dispatched,
      ...more,
    })
    const { reservationId, leaseExpiresAt, estimatedCredits } = extension
    return c.json(
      {
        reservationId,
        leaseExpiresAt: leaseExpiresAt.toISOString(),
        estimatedCredits: creditsToNumber(estimatedCredits),
      },
      200,
    )
  })
  return router
}

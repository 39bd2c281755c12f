import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, type PartyExport } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { creditsOutput, jsonAnswer, refusals, textInput, timeOrNull, timeOutput } from '../schemas.ts'

/** What the host's own tables have of a person, as JSON; for an answer that is whole. */
export type ExportHostParty = (party: {
  organizationId: string
  type: string
  id: string
}) => Promise<unknown>

const shared = { tags: ['Parties'] }
const params = z.object({
  type: textInput(100).openapi({
    description: 'As calls name them: member, customer, or a type of subject.',
  }),
  id: textInput().openapi({ description: 'The host’s id, as in the ledger.' }),
})
const role = z.enum(['actor', 'subject'])
const textOrNull = z.string().nullable()

const partySchema = z
  .object({
    type: z.string(),
    id: z.string(),
    versions: z.array(
      z.object({
        name: textOrNull,
        email: textOrNull,
        createdAt: timeOutput,
        erasedAt: timeOutput.nullable(),
      }),
    ),
    transactions: z.array(
      z.object({
        sequence: z.int(),
        type: z.string(),
        role,
        amount: creditsOutput,
        covered: creditsOutput,
        capability: textOrNull,
        quality: textOrNull,
        model: textOrNull,
        formId: textOrNull,
        reservationId: textOrNull,
        reason: textOrNull,
        createdAt: timeOutput,
      }),
    ),
    reservations: z.array(z.object({ id: z.string(), status: z.string(), role, createdAt: timeOutput })),
    uses: z.array(z.object({ limitKey: z.string(), reservationId: z.string(), usedAt: timeOutput })),
    replies: z.array(z.object({ reservationId: z.string(), reply: z.unknown(), createdAt: timeOutput })),
    host: z
      .unknown()
      .openapi({ description: 'What the host’s own tables have; null where it says nothing.' }),
  })
  .openapi('Party')

const getRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/parties/{type}/{id}',
  summary: 'All that is stored about a person: names, calls with their charges, answers kept for replays',
  ...protectedRoute('GET /parties/{type}/{id}'),
  request: { params },
  responses: {
    200: jsonAnswer(partySchema, 'What is stored; empty lists where that is nothing'),
    ...refusals,
  },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/parties/{type}/{id}',
  summary: 'Erase a person’s names, addresses and kept answers; the ledger keeps the id and verifies',
  ...protectedRoute('DELETE /parties/{type}/{id}'),
  request: { params },
  responses: {
    200: jsonAnswer(
      z
        .object({
          versions: z.int().openapi({ description: 'Of names and addresses.' }),
          replies: z.int().openapi({ description: 'Answers that were kept for replays.' }),
          events: z.int().openapi({ description: 'Of the host’s, whose payload named the person.' }),
        })
        .openapi('PartyErasure'),
      'What was removed; zeros where there was nothing (more)',
    ),
    ...refusals,
  },
})

/** What the organization has stored about a person. */
export function partyRoutes({ exportHostParty }: { exportHostParty?: ExportHostParty | undefined }) {
  const router = createRouter()
  router.openapi(getRoute, async (c) => {
    const party = { organizationId: organizationIdOf(c), ...c.req.valid('param') }
    const [found] = await c.var.engine.exportParty(party)
    const host = (await exportHostParty?.(party)) ?? null
    return c.json({ type: party.type, id: party.id, ...partyJson(found), host }, 200)
  })
  router.openapi(deleteRoute, async (c) => {
    const [erased] = await c.var.engine.eraseParty({
      organizationId: organizationIdOf(c),
      ...c.req.valid('param'),
    })
    const { versions = 0, replies = 0, events = 0 } = erased ?? {}
    return c.json({ versions, replies, events }, 200)
  })
  return router
}

function partyJson(found: PartyExport | undefined) {
  const { versions = [], transactions = [], reservations = [], uses = [], replies = [] } = found ?? {}
  return {
    versions: versions.map((version) => ({
      ...version,
      createdAt: version.createdAt.toISOString(),
      erasedAt: timeOrNull(version.erasedAt),
    })),
    transactions: transactions.map((row) => ({
      ...row,
      amount: creditsToNumber(row.amount),
      covered: creditsToNumber(row.covered),
      createdAt: row.createdAt.toISOString(),
    })),
    reservations: reservations.map((call) => ({ ...call, createdAt: call.createdAt.toISOString() })),
    uses: uses.map((use) => ({ ...use, usedAt: use.usedAt.toISOString() })),
    replies: replies.map((kept) => ({ ...kept, createdAt: kept.createdAt.toISOString() })),
  }
}

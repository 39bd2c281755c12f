import { createRoute, z } from '@hono/zod-openapi'
import type { AuditEntry } from '@stipend/engine'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { jsonAnswer, refusals, textInput, timeOutput, wholeNumberQuery } from '../schemas.ts'

export const auditEntrySchema = z
  .object({
    id: z.int(),
    actor: z.object({ type: z.string(), id: z.string(), name: z.string().nullable() }),
    action: z.string().openapi({ example: 'POST /organizations/{id}/grants' }),
    organizationId: z.string().nullable(),
    reason: z.string().nullable(),
    parameters: z.record(z.string(), z.unknown()),
    requestId: z.string().nullable(),
    outcome: z.string().nullable().openapi({
      description: '`done`, or the code of the refusal; null: under way, or its process died.',
    }),
    createdAt: timeOutput,
  })
  .openapi('AuditEntry')

const auditRoute = createRoute({
  tags: ['Operator'],
  method: 'get',
  path: '/operator/audit-log',
  summary: 'What operators have done, newest first: on these pages, over the API and with the command line',
  ...protectedRoute('GET /operator/audit-log'),
  request: {
    query: z.strictObject({
      organizationId: textInput().optional(),
      before: wholeNumberQuery(1, 999_999_999)
        .optional()
        .openapi({ description: 'next of the page before.' }),
      limit: wholeNumberQuery(1, 200).optional(),
    }),
  },
  responses: {
    200: jsonAnswer(z.object({ entries: z.array(auditEntrySchema), next: z.int().nullable() }), 'A page'),
    ...refusals,
  },
})

export function operatorAuditRoutes() {
  const router = createRouter()
  router.openapi(auditRoute, async (c) => {
    const { entries, next } = await c.var.engine.operator.listAudit(c.req.valid('query'))
    return c.json({ entries: entries.map(auditJson), next }, 200)
  })
  return router
}

export function auditJson({ createdAt, parameters, ...entry }: AuditEntry) {
  return { ...entry, parameters: { ...parameters }, createdAt: createdAt.toISOString() }
}

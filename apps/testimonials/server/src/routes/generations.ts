import { createRoute, z } from '@hono/zod-openapi'
import { errorOf } from '@stipend/engine'
import {
  createRouter,
  creditsOutput,
  jsonAnswer,
  organizationIdOf,
  protect,
  type RouteAccess,
  refusals,
  textInput,
  timeOutput,
} from '@stipend/server'
import {
  deleteGeneration,
  type Generation,
  generationCapabilities,
  listGenerations,
} from '../generations/generation.ts'
import { pageOutput, pageQuery } from './pages.ts'

/** Customers' words are in them. */
const access: RouteAccess = { role: 'member', scopes: ['admin'], target: 'organization' }

const generationOutput = z
  .object({
    id: z.string(),
    personId: z.string(),
    personName: z.string().nullable(),
    capability: z.enum(generationCapabilities),
    quality: z.string(),
    model: z.string(),
    simulated: z.boolean(),
    input: z.record(z.string(), z.unknown()).openapi({ description: 'As the route took it.' }),
    output: z
      .object({
        questions: z.array(z.string()).optional(),
        testimonial: z.string().optional(),
        text: z.string().optional(),
      })
      .openapi({ description: 'One of them, as the route answered it.' }),
    creditsUsed: creditsOutput,
    reservationId: z.string(),
    createdAt: timeOutput,
  })
  .openapi('Generation')

const shared = { tags: ['Testimonials'] }

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/ai/generations',
  summary: 'What people of the organization had written, newest first; kept for 30 days',
  ...protect(access),
  request: {
    query: z.strictObject({ ...pageQuery, capability: z.enum(generationCapabilities).optional() }),
  },
  responses: { 200: jsonAnswer(pageOutput('generations', generationOutput), 'A page'), ...refusals },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/ai/generations/{id}',
  summary: 'Remove one from the history; what it cost stays in the ledger',
  ...protect(access),
  request: { params: z.object({ id: textInput() }) },
  responses: { 204: { description: 'Removed' }, ...refusals },
})

function generationJson({ input, output, createdAt, ...generation }: Generation) {
  // What jsonb answers is JSON already; the type of the answer asks for no more.
  const kept = { input: input as Record<string, never>, output: output as { text?: string } }
  return { ...generation, ...kept, createdAt: createdAt.toISOString() }
}

/** The studio's history. */
export function generationRoutes() {
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const { limit = 50, cursor, capability } = c.req.valid('query')
    const asked = { limit, cursor, capability }
    const page = await listGenerations(c.var.database, organizationIdOf(c), asked)
    return c.json({ generations: page.items.map(generationJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(deleteRoute, async (c) => {
    const found = await deleteGeneration(c.var.database, organizationIdOf(c), c.req.valid('param').id)
    if (!found) throw errorOf('not_found', { message: 'No such entry.' })
    return c.body(null, 204)
  })
  return router
}

import { createRoute, z } from '@hono/zod-openapi'
import { migrationStatus } from '@stipend/db'
import { errorOf, notMigrated, toStipendError } from '@stipend/engine'
import type { Pool } from 'pg'
import { createRouter } from '../router.ts'
import { jsonAnswer, refusals } from '../schemas.ts'

const statusSchema = z.object({ status: z.literal('ok') })
const shared = { method: 'get' as const, tags: ['Health'] }

const healthRoute = createRoute({
  ...shared,
  path: '/healthz',
  summary: 'The process answers',
  responses: { 200: jsonAnswer(statusSchema, 'It does'), ...refusals },
})

const readyRoute = createRoute({
  ...shared,
  path: '/readyz',
  summary: 'The database answers and is migrated',
  responses: { 200: jsonAnswer(statusSchema, 'It does and is'), ...refusals },
})

/** For whoever starts and watches the server. */
export function healthRoutes() {
  const router = createRouter()
  router.openapi(healthRoute, (c) => c.json({ status: 'ok' as const }, 200))
  router.openapi(readyRoute, async (c) => {
    const pending = await countPending(c.var.database)
    if (pending > 0) {
      throw errorOf('database_unavailable', { ...notMigrated, pendingMigrations: pending })
    }
    return c.json({ status: 'ok' as const }, 200)
  })
  return router
}

async function countPending(database: Pool): Promise<number> {
  try {
    const client = await database.connect()
    try {
      return (await migrationStatus(client)).pending.length
    } finally {
      client.release()
    }
  } catch (error) {
    throw toStipendError(error)
  }
}

import { createHash, timingSafeEqual } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { type Engine, errorOf } from '@stipend/engine'
import { createRouter } from '../router.ts'
import { jsonAnswer, refusals } from '../schemas.ts'

export const jobsSecretHeader = 'Stipend-Jobs-Secret'
const shortestSecret = 32
/** A caller that waits is answered after about this long; what is left is due still. */
const runForMs = 5_000

const runSchema = z
  .object({
    count: z.int().openapi({ description: 'Holds that were ended, or organizations that were reset.' }),
    isDone: z.boolean().openapi({ description: 'false: more is due, call again.' }),
  })
  .openapi('JobRun')

/** One batch; how many it was about, 0: nothing is due. */
type RunBatch = (engine: Engine) => Promise<number>

const cleanupReservations: RunBatch = (engine) => engine.cleanupReservations({ batches: 1 })
const resetCredits: RunBatch = (engine) => engine.resetMonthlyCredits({ batches: 1 })

function jobRoute<Path extends string>(path: Path, summary: string) {
  return createRoute({
    method: 'post',
    path,
    summary,
    description:
      'Harmless if called often, late or by several at once: it does what is due, each thing once.',
    tags: ['Jobs'],
    security: [{ jobsSecret: [] }],
    responses: { 200: jsonAnswer(runSchema, 'What was done'), ...refusals },
  })
}

const cleanupRoute = jobRoute('/jobs/cleanup-reservations', 'Ends holds whose lease ran out')
const resetRoute = jobRoute('/jobs/reset-credits', 'Writes period rolls and lapses that are due')

/**
 * The two jobs that a scheduler without a worker calls, such as Hasura's cron triggers.
 * `jobsSecret`: what the header Stipend-Jobs-Secret has to say, 32 random characters or more; undefined: nobody may call.
 * @throws RangeError a shorter one
 */
export function jobRoutes({ jobsSecret }: { jobsSecret: string | undefined }) {
  if (jobsSecret !== undefined && jobsSecret.length < shortestSecret) {
    throw new RangeError(`jobsSecret must have ${shortestSecret} random characters or more.`)
  }
  const expected = jobsSecret === undefined ? null : digest(jobsSecret)
  const requireSecret = (given: string | undefined) => {
    if (expected !== null && timingSafeEqual(digest(given ?? ''), expected)) return
    const message = `This needs the header ${jobsSecretHeader}: see STIPEND_JOBS_SECRET.`
    throw errorOf('unauthenticated', { message, field: jobsSecretHeader })
  }
  const cleanUp = joinRuns(cleanupReservations)
  const reset = joinRuns(resetCredits)
  const router = createRouter()
  router.openapi(cleanupRoute, async (c) => {
    requireSecret(c.req.header(jobsSecretHeader))
    return c.json(await cleanUp(c.var.engine), 200)
  })
  router.openapi(resetRoute, async (c) => {
    requireSecret(c.req.header(jobsSecretHeader))
    return c.json(await reset(c.var.engine), 200)
  })
  return router
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Calls that come while a run is under way wait for that one and answer as it does: one connection, however many call. */
function joinRuns(runBatch: RunBatch): (engine: Engine) => Promise<z.infer<typeof runSchema>> {
  let underWay: Promise<z.infer<typeof runSchema>> | null = null
  return (engine) => {
    underWay ??= run(engine, runBatch).finally(() => {
      underWay = null
    })
    return underWay
  }
}

async function run(engine: Engine, runBatch: RunBatch): Promise<z.infer<typeof runSchema>> {
  const startedAt = performance.now()
  for (let count = 0; ; ) {
    const batch = await runBatch(engine)
    count += batch
    if (batch === 0) return { count, isDone: true }
    if (performance.now() - startedAt >= runForMs) return { count, isDone: false }
  }
}

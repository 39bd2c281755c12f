import { type Engine, toStipendError } from '@stipend/engine'
import type { Logger } from '@stipend/server'

/** Runs the jobs one after the other at every interval; a run that takes longer is not overtaken. */
export function startJobs(
  engine: Pick<
    Engine,
    'resetMonthlyCredits' | 'cleanupReservations' | 'expireGrants' | 'deleteExpiredRecords'
  >,
  logger: Logger,
  everyMs = 60_000,
): { stop(): Promise<void> } {
  const jobs = {
    'monthly reset': () => engine.resetMonthlyCredits(),
    'reservation cleanup': () => engine.cleanupReservations(),
    'grant expiry': () => engine.expireGrants(),
    'record cleanup': () => engine.deleteExpiredRecords(),
  }
  let running: Promise<void> | null = null
  const runAll = async () => {
    for (const [job, work] of Object.entries(jobs)) {
      try {
        const count = await work()
        if (count > 0) logger.info({ job, count }, 'job')
      } catch (error) {
        logger.error({ job, code: toStipendError(error).code }, 'job failed')
      }
    }
    running = null
  }
  const timer = setInterval(() => {
    running ??= runAll()
  }, everyMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}

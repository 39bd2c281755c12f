import type { Logger } from '@stipend/server'
import type { Pool } from 'pg'
import { deleteOldDrafts } from './forms/testimonial.ts'
import { deleteExpiredSignIns } from './identity/expired.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Deletes what has expired, at once and each day. Several servers may do it: what is gone is gone. */
export function startHousekeeping(
  { server, signIn }: { server: Pool; signIn: Pool },
  logger: Logger,
): { stop(): Promise<void> } {
  let running = Promise.resolve()
  const run = () => {
    running = Promise.all([deleteExpiredSignIns(signIn), deleteOldDrafts(server)])
      .then(() => undefined)
      .catch(() => logger.error({ code: 'database_unavailable' }, 'what has expired was not deleted'))
  }
  run()
  const timer = setInterval(run, dayMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}

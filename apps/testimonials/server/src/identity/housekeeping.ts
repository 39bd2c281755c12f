import type { Logger } from '@stipend/server'
import type { Pool } from 'pg'

const dayMs = 24 * 60 * 60 * 1000

/** Deletes what has expired: sessions, links, and the counters of limits, which hold addresses, after a day. */
export async function deleteExpired(database: Pool): Promise<void> {
  await database.query('delete from auth.sessions where expires_at < clock_timestamp()')
  await database.query('delete from auth.verifications where expires_at < clock_timestamp()')
  await database.query('delete from auth.rate_limits where last_request < $1::bigint', [Date.now() - dayMs])
}

/** {@link deleteExpired} at once and each day. Several servers may do it: what is gone is gone. */
export function startHousekeeping(database: Pool, logger: Logger): { stop(): Promise<void> } {
  let running = Promise.resolve()
  const run = () => {
    running = deleteExpired(database).catch(() =>
      logger.error({ code: 'database_unavailable' }, 'expired sessions were not deleted'),
    )
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

import type { Pool } from 'pg'

const dayMs = 24 * 60 * 60 * 1000

/** Deletes sessions and links that have expired, and after a day the counters of limits, which hold addresses. */
export async function deleteExpiredSignIns(database: Pool): Promise<void> {
  await database.query('delete from auth.sessions where expires_at < clock_timestamp()')
  await database.query('delete from auth.verifications where expires_at < clock_timestamp()')
  await database.query('delete from auth.rate_limits where last_request < $1::bigint', [Date.now() - dayMs])
}

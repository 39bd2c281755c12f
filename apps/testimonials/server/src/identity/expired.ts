import type { Pool } from 'pg'

const dayMs = 24 * 60 * 60 * 1000

/**
 * Deletes sessions and links that have expired, after a day the counters of limits, which hold addresses, and after a week
 * those who signed up and never confirmed their address.
 */
export async function deleteExpiredSignIns(database: Pool): Promise<void> {
  await database.query('delete from auth.sessions where expires_at < clock_timestamp()')
  await database.query('delete from auth.verifications where expires_at < clock_timestamp()')
  await database.query(
    `delete from auth.users where not email_verified and created_at < clock_timestamp() - interval '7 days'`,
  )
  await database.query('delete from auth.counters where last_request < $1::bigint', [Date.now() - dayMs])
  await database.query('delete from auth.rate_limits where last_request < $1::bigint', [Date.now() - dayMs])
}

import type { Pool } from 'pg'
import { queryRow } from './database.ts'

const batchSize = 500

/** Calls a batch function until it answers 0; each call is a transaction. Answers the sum. */
async function untilDone(pool: Pool, functionName: string, limit = batchSize): Promise<number> {
  let total = 0
  for (;;) {
    const { count } = await queryRow<{ count: number }>(
      pool,
      `select stipend.${functionName}($1::integer) as count`,
      [limit],
    )
    total += count
    if (count === 0) return total
  }
}

/** Rolls periods and writes lapses that are due; how many organizations. A late run changes nothing. */
export const resetMonthlyCredits = (pool: Pool): Promise<number> => untilDone(pool, 'reset_monthly_credits')

/** Ends holds whose lease ran out; how many. */
export const cleanupReservations = (pool: Pool): Promise<number> => untilDone(pool, 'cleanup_reservations')

/** Lapses grants past their date; of how many organizations. */
export const expireGrants = (pool: Pool): Promise<number> => untilDone(pool, 'expire_grants')

/** Drops replies and records after 48 hours, ended reservations after 90 days; how many rows. */
export const deleteExpiredRecords = (pool: Pool): Promise<number> => untilDone(pool, 'delete_expired_records')

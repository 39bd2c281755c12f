import type { Pool } from 'pg'
import { queryRow } from './database.ts'

const batchSize = 500

/** How much of a job one call does; default all that is due. */
export interface JobBounds {
  /** At most so many batches, each a transaction of up to 500; one that answers 0 is the last. */
  batches?: number | undefined
}

/** Calls a batch function until it answers 0, or the bound is reached. Answers the sum. */
async function untilDone(
  pool: Pool,
  functionName: string,
  { batches = Number.POSITIVE_INFINITY }: JobBounds = {},
): Promise<number> {
  let total = 0
  for (let done = 0; done < batches; done += 1) {
    const { count } = await queryRow<{ count: number }>(
      pool,
      `select stipend.${functionName}($1::integer) as count`,
      [batchSize],
    )
    total += count
    if (count === 0) break
  }
  return total
}

/** Rolls periods and writes lapses that are due; how many organizations. A late run changes nothing. */
export const resetMonthlyCredits = (pool: Pool, bounds?: JobBounds): Promise<number> =>
  untilDone(pool, 'reset_monthly_credits', bounds)

/** Ends holds whose lease ran out; how many. */
export const cleanupReservations = (pool: Pool, bounds?: JobBounds): Promise<number> =>
  untilDone(pool, 'cleanup_reservations', bounds)

/** Lapses grants past their date; of how many organizations. */
export const expireGrants = (pool: Pool, bounds?: JobBounds): Promise<number> =>
  untilDone(pool, 'expire_grants', bounds)

/** Drops replies and records after 48 hours, delivered events after 30 days, ended reservations after 90; how many rows. */
export const deleteExpiredRecords = (pool: Pool, bounds?: JobBounds): Promise<number> =>
  untilDone(pool, 'delete_expired_records', bounds)

/** Learns from new charges how long answers are, for the estimates of holds; how many ledger rows it read. */
export const learnOutputTokens = (pool: Pool, bounds?: JobBounds): Promise<number> =>
  untilDone(pool, 'learn_output_tokens', bounds)

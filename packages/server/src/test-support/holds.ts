import type { TestDatabase } from '@stipend/testing'

/**
 * Gives an organization so many open holds of one credit, whose leases ran out a minute ago: written at once as the
 * ledger's owner would, with the balance row that goes with them.
 */
export async function insertDueHolds(
  database: TestDatabase,
  organizationId: string,
  count: number,
): Promise<void> {
  const client = await database.owner.connect()
  try {
    await client.query('begin')
    await client.query(
      `insert into stipend.credit_reservations (organization_id, id, offer_id, estimated_credits, held_credits,
         maximum_credits, input_credits, is_dispatched, lease_seconds, created_at, expires_at)
       select $1, gen_random_uuid(), f.id, 1, 1, 10, 0.25, i % 2 = 0, 60, now() - interval '2 minutes',
         now() - interval '1 minute' - i * interval '1 microsecond'
       from generate_series(1, $2::integer) i
       cross join (select min(id) as id from stipend.catalog_offers where plan = 'pro' and capability = 'reply') f`,
      [organizationId, count],
    )
    await client.query(
      `update stipend.organization_credit_balances
       set reserved = reserved + $2, open_holds = open_holds + $2, holds_due_from = now() - interval '1 hour'
       where organization_id = $1`,
      [organizationId, count],
    )
    await client.query('commit')
  } finally {
    client.release()
  }
}

/** Holds and what they were charged. */
export async function holdsOf(
  database: TestDatabase,
  organizationId: string,
): Promise<{ open: number; expired: number; charged: number; rows: number }> {
  const { rows } = await database.owner.query(
    `select count(*) filter (where status = 'open')::integer as open,
       count(*) filter (where status = 'expired')::integer as expired, coalesce(sum(charged_credits), 0)::float as charged,
       (select count(*)::integer from stipend.credit_transactions t
        where t.organization_id = $1 and t.reservation_id is not null) as rows
     from stipend.credit_reservations where organization_id = $1`,
    [organizationId],
  )
  return rows[0]
}

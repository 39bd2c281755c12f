import type { Pool } from 'pg'
import type { Call, Journal } from './journal.ts'

/** How the books differ from what clients were told; every list empty: not at all. */
export interface Comparison {
  /** Acknowledged, and not in the books as it was acknowledged. */
  lost: string[]
  /** In the books twice, or though nobody was told of it. */
  unexplained: string[]
  reservations: number
  ledgerRows: number
}

interface Row {
  id: string
  organization_id: string
  status: string
  charged: number
  rows: number
}

/**
 * Holds all reservations and grants against the journal, as the tables' owner. `usageCharge`: what an abandoned call that
 * told its usage is charged once its lease has run out, in hundredths of a credit.
 */
export async function compareBooks(owner: Pool, journal: Journal, usageCharge: number): Promise<Comparison> {
  const lost: string[] = []
  const unexplained: string[] = []
  const seen = new Set<string>()
  let inDoubt = 0
  const organizations = await owner.query<{ id: string }>(
    'select distinct organization_id as id from stipend.credit_reservations',
  )
  for (const { id } of organizations.rows) {
    for (const row of await reservationsOf(owner, id)) {
      seen.add(row.id)
      const call = journal.calls.get(row.id)
      if (call === undefined && row.status === 'expired' && row.charged === 0 && row.rows === 0) inDoubt += 1
      else if (call === undefined) unexplained.push(`${row.id} of ${row.organization_id}: ${row.status}`)
      else if (!isAsTold(row, call, usageCharge))
        lost.push(`${row.id} (${call.ending}, ${call.cost}): ${JSON.stringify(row)}`)
    }
  }
  // A hold whose answer was lost expires uncharged.
  if (inDoubt !== journal.counts.inDoubt) {
    unexplained.push(`${inDoubt} holds that nobody knows, of ${journal.counts.inDoubt} in doubt`)
  }
  for (const id of journal.calls.keys()) if (!seen.has(id)) lost.push(`${id}: no such reservation`)
  const granted = await owner.query<{ source: string; organization: string; credits: number; times: number }>(
    `select source_id as source, organization_id as organization, sum(amount)::float8 as credits, count(*)::integer as times
     from stipend.credit_transactions where source_id like 'soak-grant-%' group by 1, 2`,
  )
  const grants = new Map(granted.rows.map((row) => [row.source, row]))
  for (const [source, { organizationId, credits }] of journal.grants) {
    const row = grants.get(source)
    if (row?.organization !== organizationId || row.credits !== credits || row.times !== 1) {
      lost.push(`${source}: ${JSON.stringify(row)}`)
    }
  }
  for (const source of grants.keys()) if (!journal.grants.has(source)) unexplained.push(source)
  const counted = await owner.query<{ rows: number; stray: number }>(
    `select count(*)::integer as rows,
       count(*) filter (where t.type = 'ai_consumption' and r.id is null)::integer as stray
     from stipend.credit_transactions t
     left join stipend.credit_reservations r on r.organization_id = t.organization_id and r.id = t.reservation_id`,
  )
  const { rows: ledgerRows = 0, stray = 0 } = counted.rows[0] ?? {}
  if (stray > 0) unexplained.push(`${stray} charges without a reservation`)
  return { lost, unexplained, reservations: seen.size, ledgerRows }
}

/** Rows of the ledger are counted once for all: no index finds those of one reservation. */
async function reservationsOf(owner: Pool, organizationId: string): Promise<Row[]> {
  const { rows } = await owner.query<Row>(
    `with counted as (
       select reservation_id, count(*)::integer as rows from stipend.credit_transactions
       where organization_id = $1 and reservation_id is not null group by 1)
     select r.id, r.organization_id, r.status, (100 * coalesce(r.charged_credits, 0))::integer as charged,
       coalesce(c.rows, 0) as rows
     from stipend.credit_reservations r left join counted c on c.reservation_id = r.id
     where r.organization_id = $1`,
    [organizationId],
  )
  return rows
}

function isAsTold(row: Row, call: Call, usageCharge: number): boolean {
  if (row.organization_id !== call.organizationId) return false
  if (call.ending === 'settle') return row.status === 'settled' && row.charged === call.cost && row.rows === 1
  if (call.ending === 'release') return row.status === 'released' && row.charged === 0 && row.rows === 0
  if (row.status !== 'expired') return false
  const isCharged = call.ending === 'abandon_dispatched' && call.isEnded
  return isCharged ? row.charged === usageCharge && row.rows === 1 : row.charged === 0 && row.rows === 0
}

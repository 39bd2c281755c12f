import type { Pool } from 'pg'
import { listOrganizationIds } from './organizations.ts'
import { readAsOrganization } from './reading.ts'
import { requireText } from './validate.ts'

/** Something in the books that contradicts itself. */
export interface LedgerProblem {
  organizationId: string
  /** sequence_gap, hash, balance_after, time, head, beyond_head, monthly_left, bonus, grants, debt, … */
  problem: string
  sequence: number | null
  expected: string | null
  found: string | null
}

export interface LedgerVerification {
  organizations: number
  transactions: number
  problems: LedgerProblem[]
}

/** Proves the books of one organization, or of all. Reads; changes nothing. */
export async function verifyLedger(pool: Pool, organizationId?: string): Promise<LedgerVerification> {
  const organizations =
    organizationId === undefined
      ? await listOrganizationIds(pool)
      : [requireText('organizationId', organizationId)]
  const problems: LedgerProblem[] = []
  let transactions = 0
  for (const id of organizations) {
    const rows = await readAsOrganization<{
      problem: string
      sequence: string | null
      expected: string | null
      found: string | null
    }>(pool, id, 'select * from stipend.verify_ledger($1::text)', [id])
    for (const row of rows) {
      problems.push({
        organizationId: id,
        problem: row.problem,
        sequence: row.sequence === null ? null : Number(row.sequence),
        expected: row.expected,
        found: row.found,
      })
    }
    const [counted] = await readAsOrganization<{ count: string }>(
      pool,
      id,
      'select count(*) from stipend.credit_transactions where organization_id = $1::text',
      [id],
    )
    transactions += Number(counted?.count ?? 0)
  }
  return { organizations: organizations.length, transactions, problems }
}

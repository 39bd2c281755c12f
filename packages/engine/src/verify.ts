import { changedRoutines } from '@stipend/db'
import type { Pool } from 'pg'
import { toStipendError } from './database-error.ts'
import { StipendError } from './errors.ts'
import { listOrganizationIds } from './organizations.ts'
import type { CheckpointKey } from './proof/checkpoint-key.ts'
import { type Checkpoint, type CheckpointAnchor, verifyCheckpoints } from './proof/checkpoints.ts'
import { readAsOrganization } from './reading.ts'
import { requireText } from './validate.ts'

/** Something in the books that contradicts itself. */
export interface LedgerProblem {
  /** null: of a checkpoint, or of a function or trigger of the schema. */
  organizationId: string | null
  /** sequence_gap, hash, balance_after, time, head, beyond_head, monthly_left, bonus, grants, debt, checkpoint, … */
  problem: string
  /** Of the ledger row; for `checkpoint_…` the checkpoint's number. */
  sequence: number | null
  expected: string | null
  found: string | null
}

export interface LedgerVerification {
  organizations: number
  /** Ledger rows that were read. */
  transactions: number
  /** Organizations whose older rows a signed checkpoint vouches for. */
  fromCheckpoint: number
  /** The newest; null: none, or none was asked for. */
  checkpoint: Checkpoint | null
  problems: LedgerProblem[]
}

export interface VerifyLedgerOptions {
  /**
   * Keys that checkpoints are signed with. Given, signatures are checked, and rows that a checkpoint vouches for are not
   * read again.
   */
  keys?: readonly CheckpointKey[] | undefined
  /** Every row from the first, and every checkpoint. Default: where no keys are given. */
  isFull?: boolean | undefined
  /** A checkpoint that was kept elsewhere: it has to be there as it was. */
  anchor?: CheckpointAnchor | undefined
  /** Told after each organization. */
  onProgress?: ((done: number, all: number) => void) | undefined
}

/** Organizations that are proven at once. */
const atOnce = 4

/** Proves the books of one organization, or of all. Reads; changes nothing. */
export async function verifyLedger(
  pool: Pool,
  organizationId?: string,
  options: VerifyLedgerOptions = {},
): Promise<LedgerVerification> {
  const { keys, isFull = keys === undefined, anchor } = options
  const only = organizationId === undefined ? undefined : requireText('organizationId', organizationId)
  const checkpoints =
    keys === undefined ? null : await verifyCheckpoints(pool, keys, { organizationId: only, isFull, anchor })
  const ids = only === undefined ? await listOrganizationIds(pool) : [only]
  const problems: LedgerProblem[] = [...(checkpoints?.problems ?? []), ...(await routineProblems(pool))]
  if (only === undefined) {
    const known = new Set(ids)
    for (const [id, { sequence }] of checkpoints?.heads ?? []) {
      if (!known.has(id)) problems.push(problemOf(id, 'organization', sequence, 'its rows', null))
    }
  }
  const result = { organizations: ids.length, transactions: 0, fromCheckpoint: 0 }
  let done = 0
  const queue = ids.values()
  const work = async () => {
    for (const id of queue) {
      const from = isFull ? null : (checkpoints?.heads.get(id)?.sequence ?? null)
      const found = await verifyOrganization(pool, id, from).catch((error: unknown) => {
        const isGone =
          only === undefined && error instanceof StipendError && error.code === 'organization_not_found'
        if (!isGone) throw error
        return { transactions: 0, problems: [problemOf(id, 'organization', null, 'its balance', null)] }
      })
      problems.push(...found.problems)
      result.transactions += found.transactions
      if (from !== null) result.fromCheckpoint += 1
      done += 1
      options.onProgress?.(done, ids.length)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return { ...result, checkpoint: checkpoints?.latest ?? null, problems: problems.sort(byPlace) }
}

/** Proves an organization's books, from a trusted head on; null: from the first row. */
export async function verifyOrganization(
  pool: Pool,
  organizationId: string,
  from: number | null,
): Promise<{ transactions: number; problems: LedgerProblem[] }> {
  const rows = await readAsOrganization<{
    problem: string
    sequence: string | null
    expected: string | null
    found: string | null
  }>(pool, organizationId, 'select * from stipend.verify_ledger($1::text, $2::bigint)', [
    organizationId,
    from,
  ])
  const [counted] = await readAsOrganization<{ count: string }>(
    pool,
    organizationId,
    'select count(*) from stipend.credit_transactions where organization_id = $1::text and sequence > $2::bigint',
    [organizationId, from ?? 0],
  )
  return {
    transactions: Number(counted?.count ?? 0),
    problems: rows.map((row) =>
      problemOf(
        organizationId,
        row.problem,
        row.sequence === null ? null : Number(row.sequence),
        row.expected,
        row.found,
      ),
    ),
  }
}

/** Functions and triggers that are not as this version made them: they could write or prove anything. */
async function routineProblems(pool: Pool): Promise<LedgerProblem[]> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStipendError(error)
  })
  try {
    const changed = await changedRoutines(client)
    return changed.map(({ kind, name, found }) => problemOf(null, kind, null, `${name} as installed`, found))
  } finally {
    client.release()
  }
}

function problemOf(
  organizationId: string | null,
  problem: string,
  sequence: number | null,
  expected: string | null,
  found: string | null,
): LedgerProblem {
  return { organizationId, problem, sequence, expected, found }
}

function byPlace(a: LedgerProblem, b: LedgerProblem): number {
  const [first, second] = [a.organizationId ?? '', b.organizationId ?? '']
  if (first !== second) return first < second ? -1 : 1
  return (a.sequence ?? 0) - (b.sequence ?? 0)
}

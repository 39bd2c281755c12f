import type { Pool } from 'pg'
import { readAsOrganization } from '../reading.ts'

const pageSize = 1_000

interface JournalRow {
  sequence: string
  type: string
  amount: string
  monthly: string
  bonus: string
  debt: string
  covered: string
  capability: string | null
  model: string | null
  cost_usd: string | null
  source_id: string | null
  created_at: string
}

/**
 * An organization's ledger as a plain-text double-entry journal that hledger and ledger read, in credits (`CR`): each row
 * moves credits between the organization's pools and what they were granted for or used for. Every posting to a pool
 * asserts its balance, so that the reader checks our sums with its own. What is archived is an opening balance.
 */
export async function* exportJournal(pool: Pool, organizationId: string): AsyncGenerator<string> {
  const account = accountName(organizationId)
  const start = await openingOf(pool, organizationId)
  const balances = { monthly: start.monthly, bonus: start.bonus, debt: start.debt }
  if (start.sequence > 0) {
    yield entry(`${start.date} opening balances after #${start.sequence}`, [
      ...poolPostings(account, start, balances),
      posting(`equity:archived:${account}`, -(start.monthly + start.bonus + start.debt)),
    ])
  }
  let after = start.sequence
  for (;;) {
    const rows = await readAsOrganization<JournalRow>(
      pool,
      organizationId,
      `select sequence, type, (amount * 100)::bigint::text as amount, (monthly_amount * 100)::bigint::text as monthly,
         (bonus_amount * 100)::bigint::text as bonus, (debt_amount * 100)::bigint::text as debt,
         (covered_amount * 100)::bigint::text as covered, capability, model, cost_usd, source_id,
         to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as created_at
       from stipend.credit_transactions
       where organization_id = $1::text and sequence > $2::bigint order by sequence limit $3::integer`,
      [organizationId, after, pageSize],
    )
    for (const row of rows) yield entryOf(account, row, balances)
    const last = rows.at(-1)
    if (last === undefined) return
    after = Number(last.sequence)
  }
}

/** Directives for the head of a journal. */
export const journalHead = [
  '; Credits in CR. assets: what organizations may still use; liabilities: what they owe; income and expenses: where it came from and went to.',
  'commodity 1000.00 CR',
  '',
  '',
].join('\n')

interface Pools {
  monthly: bigint
  bonus: bigint
  debt: bigint
}

/** Where the ledger begins: after its archive, or from nothing. Debt is negative. */
async function openingOf(
  pool: Pool,
  organizationId: string,
): Promise<Pools & { sequence: number; date: string }> {
  const [row] = await readAsOrganization<{
    sequence: string
    monthly: string
    bonus: string
    debt: string
    date: string
  }>(
    pool,
    organizationId,
    `select h.sequence, (h.monthly_left * 100)::bigint::text as monthly, (h.bonus * 100)::bigint::text as bonus,
       (h.debt * -100)::bigint::text as debt, to_char(h.ledger_at at time zone 'UTC', 'YYYY-MM-DD') as date
     from stipend.ledger_archives a
     join stipend.ledger_checkpoint_heads h
       on h.organization_id = a.organization_id and h.checkpoint = a.checkpoint and h.sequence = a.through_sequence
     where a.organization_id = $1::text order by a.through_sequence desc limit 1`,
    [organizationId],
  )
  return {
    sequence: Number(row?.sequence ?? 0),
    monthly: BigInt(row?.monthly ?? 0),
    bonus: BigInt(row?.bonus ?? 0),
    debt: BigInt(row?.debt ?? 0),
    date: row?.date ?? '',
  }
}

function entryOf(account: string, row: JournalRow, balances: Pools): string {
  const moved = { monthly: BigInt(row.monthly), bonus: BigInt(row.bonus), debt: BigInt(row.debt) }
  balances.monthly += moved.monthly
  balances.bonus += moved.bonus
  balances.debt += moved.debt
  const covered = BigInt(row.covered)
  const used = `expenses:${row.type}:${row.capability === null ? account : `${accountName(row.capability)}:${account}`}`
  const other = BigInt(row.amount) > 0n ? `income:${row.type}:${account}` : used
  const notes = [row.model, row.cost_usd === null ? null : `cost ${row.cost_usd} USD`, row.source_id]
    .filter((note) => note !== null)
    .map((note) => note.replaceAll(/[\r\n,]/g, ' '))
  return entry(
    `${row.created_at} (${row.sequence}) ${row.type}${notes.length === 0 ? '' : `  ; ${notes.join(', ')}`}`,
    [
      ...poolPostings(account, moved, balances),
      ...(BigInt(row.amount) === 0n ? [] : [posting(other, -BigInt(row.amount))]),
      ...(covered === 0n ? [] : [posting(used, covered), posting(`income:covered:${account}`, -covered)]),
    ],
  )
}

function poolPostings(account: string, moved: Pools, after: Pools): string[] {
  return (['monthly', 'bonus', 'debt'] as const).flatMap((pool) =>
    moved[pool] === 0n
      ? []
      : [
          `${posting(`${pool === 'debt' ? 'liabilities' : 'assets'}:${account}:${pool}`, moved[pool])} = ${amount(after[pool])}`,
        ],
  )
}

function entry(head: string, postings: readonly string[]): string {
  return `${[head, ...postings].join('\n')}\n\n`
}

function posting(account: string, units: bigint): string {
  return `    ${account}  ${amount(units)}`
}

function amount(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(3, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)} CR`
}

/** A name as part of an account's: what such names may not have is percent-encoded, so two never become one. */
export function accountName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_.@-]/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}

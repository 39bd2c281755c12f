import type { Pool } from 'pg'
import type { Engine } from '../src/index.ts'

/** What must always hold, each as a plain SELECT of the tables' owner that finds what breaks it. $1: one organization, or NULL for all. */
const rules: Readonly<Record<string, string>> = {
  'no pool is negative, and there is debt only where the pools are empty': `
    select b.* from stipend.organization_credit_balances b
    where ($1::text is null or b.organization_id = $1)
      and (b.monthly_left < 0 or b.bonus < 0 or b.debt < 0 or b.reserved < 0
        or (b.debt > 0 and (b.monthly_left > 0 or b.bonus > 0)))`,
  'reserved is the sum of the open reservations': `
    select b.organization_id, b.reserved, b.open_holds, r.held, r.holds
    from stipend.organization_credit_balances b
    cross join lateral (
      select coalesce(sum(r.held_credits), 0) as held, count(*) as holds
      from stipend.credit_reservations r where r.organization_id = b.organization_id and r.status = 'open') r
    where ($1::text is null or b.organization_id = $1) and (b.reserved, b.open_holds) is distinct from (r.held, r.holds::integer)`,
  'no open lease ends before the balance row says': `
    select r.* from stipend.credit_reservations r
    join stipend.organization_credit_balances b on b.organization_id = r.organization_id
    where ($1::text is null or b.organization_id = $1) and r.status = 'open' and r.expires_at < b.holds_due_from`,
  'the balance is the sum of the ledger, pool by pool': `
    select b.organization_id, b.monthly_left, b.bonus, b.debt, t.*
    from stipend.organization_credit_balances b
    cross join lateral (
      select coalesce(sum(t.monthly_amount), 0) as monthly_sum, coalesce(sum(t.bonus_amount), 0) as bonus_sum,
        coalesce(-sum(t.debt_amount), 0) as debt_sum
      from stipend.credit_transactions t where t.organization_id = b.organization_id) t
    where ($1::text is null or b.organization_id = $1)
      and (b.monthly_left, b.bonus, b.debt) is distinct from (t.monthly_sum, t.bonus_sum, t.debt_sum)`,
  'bonus is the sum of the live grants': `
    select b.organization_id, b.bonus, g.remaining
    from stipend.organization_credit_balances b
    cross join lateral (
      select coalesce(sum(g.remaining), 0) as remaining
      from stipend.credit_grants g where g.organization_id = b.organization_id and g.is_live) g
    where ($1::text is null or b.organization_id = $1) and b.bonus <> g.remaining`,
  'a grant that expires is known to next_due_at, and so is the period': `
    select b.organization_id, b.next_due_at from stipend.organization_credit_balances b
    where ($1::text is null or b.organization_id = $1)
      and b.next_due_at > least(b.period_end, (
        select min(g.expires_at) from stipend.credit_grants g where g.organization_id = b.organization_id and g.is_live))`,
  'the ledger is a gapless chain whose balances follow from its parts': `
    select t.organization_id, t.sequence from (
      select t as row, t.organization_id, t.sequence, t.amount, t.monthly_amount + t.bonus_amount + t.debt_amount as parts,
        t.balance_after, t.hash, t.created_at,
        coalesce(lag(t.sequence) over w, 0) as previous_sequence, coalesce(lag(t.balance_after) over w, 0) as previous_balance,
        coalesce(lag(t.hash) over w, sha256(convert_to(t.organization_id, 'UTF8'))) as previous_hash,
        coalesce(lag(t.created_at) over w, '-infinity') as previous_at
      from stipend.credit_transactions t where ($1::text is null or t.organization_id = $1)
      window w as (partition by t.organization_id order by t.sequence)
    ) t
    where t.sequence <> t.previous_sequence + 1 or t.amount <> t.parts
      or t.balance_after <> t.previous_balance + t.parts or t.created_at < t.previous_at
      or t.hash is distinct from stipend.transaction_hash(t.row, t.previous_hash)`,
  "the balance row's head is the last row of the chain": `
    select b.organization_id, b.ledger_sequence from stipend.organization_credit_balances b
    left join lateral (
      select t.sequence, t.hash, t.created_at from stipend.credit_transactions t
      where t.organization_id = b.organization_id order by t.sequence desc limit 1) t on true
    where ($1::text is null or b.organization_id = $1)
      and (b.ledger_sequence <> coalesce(t.sequence, 0)
        or b.ledger_hash is distinct from coalesce(t.hash, sha256(convert_to(b.organization_id, 'UTF8'))))`,
  'a reservation ends once and was charged what the ledger says': `
    select r.organization_id, r.id, r.status, r.charged_credits, t.*
    from stipend.credit_reservations r
    cross join lateral (
      select coalesce(sum(t.covered_amount - t.amount), 0) as posted,
        count(*) filter (where t.type = 'ai_consumption' and not 'late' = any(t.flags)) as first_charges,
        count(*) filter (where 'late' = any(t.flags)) as late_charges
      from stipend.credit_transactions t where t.organization_id = r.organization_id and t.reservation_id = r.id) t
    where ($1::text is null or r.organization_id = $1)
      and (t.posted <> coalesce(r.charged_credits, 0) or t.first_charges > 1 or t.late_charges > 1
        or (r.status = 'open') <> (r.ended_at is null) or (r.status in ('open', 'released') and t.posted <> 0)
        or (r.status = 'released' and r.idempotency_key is not null))`,
  'what was posted for a source was posted once': `
    select t.organization_id, t.source_id from stipend.credit_transactions t
    left join stipend.credit_sources s on s.organization_id = t.organization_id and s.source_id = t.source_id
      and s.sequence = t.sequence and s.credits = t.amount and s.type = t.type
    where ($1::text is null or t.organization_id = $1) and t.source_id is not null
    group by t.organization_id, t.source_id having count(*) > 1 or bool_or(s.sequence is null)`,
  'a period is allocated at most once': `
    select t.organization_id, t.effective_at from stipend.credit_transactions t
    where ($1::text is null or t.organization_id = $1) and t.source_id like '#allocation:%'
    group by t.organization_id, t.effective_at having count(*) > 1`,
  'nothing points into another organization': `
    select r.organization_id, r.id from stipend.credit_reservations r
    left join stipend.credit_transactions t on t.organization_id = r.organization_id and t.sequence = r.sequence
    where ($1::text is null or r.organization_id = $1)
      and ((r.sequence is not null and t.reservation_id is distinct from r.id)
        or exists (select from unnest(r.budget_ids) i(id) join stipend.budgets b on b.id = i.id
                   where b.organization_id <> r.organization_id))
    union all
    select g.organization_id, g.id from stipend.credit_grants g
    left join stipend.credit_transactions t on t.organization_id = g.organization_id and t.sequence = g.sequence
    where ($1::text is null or g.organization_id = $1) and t.sequence is null`,
  'budget windows hold the open holds and have used what was charged': `
    select w.organization_id, w.budget_id, w.window_start, w.held, w.used, r.open, r.charged
    from stipend.budget_windows w
    join stipend.budgets b on b.organization_id = w.organization_id and b.id = w.budget_id
    cross join lateral (
      select coalesce(sum(r.estimated_credits) filter (where r.status = 'open'), 0) as open,
        coalesce(sum(r.charged_credits), 0) as charged
      from stipend.credit_reservations r
      where r.organization_id = w.organization_id and b.id = any(r.budget_ids)
        and date_trunc(b.period, r.created_at at time zone 'UTC') at time zone 'UTC' = w.window_start) r
    where ($1::text is null or w.organization_id = $1) and (w.held, w.used) is distinct from (r.open, r.charged)`,
}

const refusedChanges = [
  'update stipend.credit_transactions set reason = reason where false',
  'delete from stipend.credit_transactions where false',
  'truncate stipend.credit_transactions',
]

/**
 * What breaks an invariant, in words; empty: all hold. As the tables' owner and by plain SELECTs, not through
 * stipend.verify_ledger(), whose answer is compared at the end.
 */
export async function invariants(
  database: { owner: Pool },
  engine: Engine,
  organizationId: string | null = null,
): Promise<string[]> {
  const client = await database.owner.connect()
  const broken: string[] = []
  try {
    await client.query('begin isolation level repeatable read')
    for (const [rule, sql] of Object.entries(rules)) {
      const { rows } = await client.query<Record<string, unknown>>(sql, [organizationId])
      for (const row of rows.slice(0, 3)) broken.push(`${rule}: ${JSON.stringify(row)}`)
    }
    for (const change of refusedChanges) {
      await client.query('savepoint change')
      const answer = await client.query(change).then(
        () => 'done',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : 'unknown'),
      )
      await client.query('rollback to change')
      if (answer !== 'SP001') broken.push(`the ledger is append-only: ${change}: ${answer}`)
    }
    await client.query('rollback')
  } finally {
    client.release()
  }
  const { problems } = await engine.verifyLedger(organizationId ?? undefined)
  return [...broken, ...problems.map((problem) => `verifyLedger: ${JSON.stringify(problem)}`)]
}

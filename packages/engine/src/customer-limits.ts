import type { Pool } from 'pg'
import { invalid } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { requireInteger, requireText } from './validate.ts'

/** A limit of public forms, as a reserve takes it: so many calls under this key in the last 24 hours. */
export interface CustomerLimit {
  key: string
  limit: number
}

/** How much of a limit is used up. */
export interface CustomerLimitUse extends CustomerLimit {
  used: number
  remaining: number
  /** When the next call is possible; null: now. */
  nextAt: Date | null
}

interface UseRow {
  used: string
  next_at: Date | null
}

/** The limits in the order given, counted as the decision counts them. */
export async function getCustomerLimits(
  pool: Pool,
  input: { organizationId: string; limits: readonly CustomerLimit[] },
): Promise<CustomerLimitUse[]> {
  const { organizationId, limits } = input
  for (const { key, limit } of limits) requireLimit(key, limit)
  const rows = await readAsOrganization<UseRow>(
    pool,
    organizationId,
    `select u.used, case when u.used >= x.uses then u.oldest + interval '24 hours' end as next_at
     from unnest($2::text[], $3::integer[]) with ordinality x(key, uses, position)
     left join stipend.organization_credit_balances b on b.organization_id = $1::text
     left join stipend.test_clocks c on c.organization_id = $1::text
     cross join lateral (
       select count(*) as used, (array_agg(s.used_at order by s.used_at desc))[x.uses] as oldest
       from stipend.customer_uses s
       where s.organization_id = $1::text and s.limit_key = x.key
         and s.used_at > greatest(clock_timestamp() + coalesce(c.clock_offset, interval '0'), b.ledger_at) - interval '24 hours') u
     order by x.position`,
    [organizationId, limits.map(({ key }) => key), limits.map(({ limit }) => limit)],
  )
  return limits.map(({ key, limit }, index) => {
    const used = Number(rows[index]?.used ?? 0)
    return { key, limit, used, remaining: Math.max(limit - used, 0), nextAt: rows[index]?.next_at ?? null }
  })
}

/** The limits as reserve_credits() takes them: each key once, since each counts the call once. */
export function requireCustomerLimits(limits: readonly CustomerLimit[]): readonly CustomerLimit[] {
  for (const { key, limit } of limits) requireLimit(key, limit)
  if (new Set(limits.map(({ key }) => key)).size < limits.length) {
    throw invalid('customerLimits', 'must not name a key twice')
  }
  return limits
}

function requireLimit(key: string, limit: number): void {
  requireText('customerLimits.key', key)
  requireInteger('customerLimits.limit', limit, 1, 1_000_000)
}

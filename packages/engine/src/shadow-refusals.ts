import type { Pool } from 'pg'
import { type Credits, credits } from './credits.ts'
import { type ErrorCode, isErrorCode } from './errors.ts'
import { readAsOperator } from './reading.ts'
import { requireInteger } from './validate.ts'

/** Calls that shadow mode admitted and the catalog would have refused. */
export interface ShadowRefusals {
  plan: string
  capability: string
  quality: string
  code: ErrorCode
  calls: number
  organizations: number
  /** What they cost, charged to nobody. */
  coveredCredits: Credits
  lastAt: Date
}

/** By plan, capability, quality level and refusal, most calls first. */
export async function listShadowRefusals(
  pool: Pool,
  { days = 30 }: { days?: number | undefined } = {},
): Promise<ShadowRefusals[]> {
  const rows = await readAsOperator<{
    plan: string
    capability: string
    quality: string
    code: string
    calls: string
    organizations: string
    covered: string
    last_at: Date
  }>(
    pool,
    `select f.plan, f.capability, f.quality, f.code, count(*) as calls, count(distinct f.organization_id) as organizations,
       coalesce(sum(r.charged_credits), 0)::numeric(14,2) as covered, max(f.created_at) as last_at
     from stipend.shadow_refusals f
     left join stipend.credit_reservations r on r.organization_id = f.organization_id and r.id = f.reservation_id
     where f.created_at >= clock_timestamp() - make_interval(days => $1::integer)
     group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3, 4`,
    [requireInteger('days', days, 1, 90)],
  )
  return rows.map((row) => ({
    plan: row.plan,
    capability: row.capability,
    quality: row.quality,
    code: isErrorCode(row.code) ? row.code : 'internal',
    calls: Number(row.calls),
    organizations: Number(row.organizations),
    coveredCredits: credits(row.covered),
    lastAt: row.last_at,
  }))
}

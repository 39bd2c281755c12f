import type { Pool } from 'pg'
import { type Credits, credits, hundredthsOfCredits, type NanoUsd, nanoUsd } from './credits.ts'
import { errorOf, invalid } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { requireOrganization } from './transactions.ts'
import { optionalText, requireOneOf, requireText } from './validate.ts'

/** An organization's credits as of now. Amounts in hundredths. */
export interface CreditBalance {
  organizationId: string
  plan: string
  status: 'active' | 'past_due' | 'suspended'
  /** spendable + overdraft limit: what a reservation is admitted against; null on an unlimited plan. */
  available: Credits | null
  /** balance − reserved; may be negative; null on an unlimited plan. */
  spendable: Credits | null
  /** monthly left + bonus − debt. */
  balance: Credits
  /** Left of this period's. */
  monthlyCredits: Credits
  /** Granted this period. */
  monthlyAllocation: Credits
  bonusCredits: Credits
  reservedCredits: Credits
  debtCredits: Credits
  usedThisPeriod: Credits
  overdraftLimit: Credits
  periodStartsAt: Date
  periodEndsAt: Date
  unlimited: boolean
  pendingPlan: string | null
  pendingChangeAt: Date | null
  /** The balance has fallen below the organization's share of its monthly credits. */
  isLow: boolean
}

interface BalanceRow {
  monthly_left: string
  bonus: string
  debt: string
  reserved: string
  used_this_period: string
  overdraft_limit: string
  monthly_allocation: string
  period_start: Date
  period_end: Date
  plan: string
  status: CreditBalance['status']
  is_unlimited: boolean
  pending_plan: string | null
  pending_change_at: Date | null
  low_balance_percent: number
}

/** O(1); right even where a roll or an expiry is due and not yet written. */
export async function checkCreditBalance(pool: Pool, organizationId: string): Promise<CreditBalance> {
  const text = 'select * from stipend.project_balance($1::text)'
  const [row] = await readAsOrganization<BalanceRow>(pool, organizationId, text, [organizationId])
  if (row === undefined) throw errorOf('organization_not_found', { organizationId })
  const monthly = credits(row.monthly_left)
  const bonus = credits(row.bonus)
  const debt = credits(row.debt)
  const reserved = credits(row.reserved)
  const overdraft = credits(row.overdraft_limit)
  const allocation = credits(row.monthly_allocation)
  const balance = hundredthsOfCredits(monthly + bonus - debt)
  const spendable = hundredthsOfCredits(balance - reserved)
  return {
    organizationId,
    plan: row.plan,
    status: row.status,
    available: row.is_unlimited ? null : hundredthsOfCredits(spendable + overdraft),
    spendable: row.is_unlimited ? null : spendable,
    balance,
    monthlyCredits: monthly,
    monthlyAllocation: allocation,
    bonusCredits: bonus,
    reservedCredits: reserved,
    debtCredits: debt,
    usedThisPeriod: credits(row.used_this_period),
    overdraftLimit: overdraft,
    periodStartsAt: row.period_start,
    periodEndsAt: row.period_end,
    unlimited: row.is_unlimited,
    pendingPlan: row.pending_plan,
    pendingChangeAt: row.pending_change_at,
    isLow: !row.is_unlimited && balance * 100 < allocation * row.low_balance_percent,
  }
}

/** A rate limit and its use in the sliding window that ends now. */
export interface RateLimit {
  capability: string
  window: 'minute' | 'hour' | 'day'
  limit: number
  used: number
  retryAfterMs: number | null
}

export async function getLimits(pool: Pool, organizationId: string): Promise<RateLimit[]> {
  const rows = await readAsOrganization<{
    capability: string
    window: RateLimit['window']
    limit_calls: number
    used: number
    retry_after_ms: string | null
  }>(pool, organizationId, 'select * from stipend.get_limits($1::text)', [organizationId])
  if (rows.length === 0) await requireOrganization(pool, organizationId)
  return rows.map((row) => ({
    capability: row.capability,
    window: row.window,
    limit: row.limit_calls,
    used: row.used,
    retryAfterMs: row.retry_after_ms === null ? null : Number(row.retry_after_ms),
  }))
}

export const usageGroups = ['day', 'capability', 'model', 'actor'] as const
export type UsageGroup = (typeof usageGroups)[number]

/** Charges of one group; `group` is a UTC day, a capability, a model or `type:id` of an actor. */
export interface Usage {
  group: string | null
  /** Of `splitBy`, in the same form as `group`. */
  split: string | null
  /** Of the actor that `group` or `split` is. */
  name: string | null
  calls: number
  credits: Credits
  costUsd: NanoUsd | null
}

export interface UsageInput {
  organizationId: string
  groupBy: UsageGroup
  /** Each group once more by this: a row per pair. */
  splitBy?: UsageGroup | undefined
  from: Date
  to: Date
  capability?: string | undefined
  model?: string | undefined
  actorId?: string | undefined
}

export async function getUsage(pool: Pool, input: UsageInput): Promise<Usage[]> {
  if (!(input.from < input.to)) throw invalid('from', 'must lie before to')
  const { organizationId, groupBy, splitBy } = input
  if (splitBy === groupBy) throw invalid('splitBy', 'must be another one than groupBy')
  const rows = await readAsOrganization<{
    group: string | null
    split: string | null
    name: string | null
    calls: string
    credits: string
    cost_usd: string | null
  }>(
    pool,
    organizationId,
    `select * from stipend.get_usage($1::text, $2::timestamptz, $3::timestamptz, $4::text, $5::text, $6::text, $7::text,
       $8::text)`,
    [
      organizationId,
      input.from,
      input.to,
      requireOneOf('groupBy', groupBy, usageGroups),
      splitBy === undefined ? null : requireOneOf('splitBy', splitBy, usageGroups),
      optionalText('capability', input.capability),
      optionalText('model', input.model),
      optionalText('actorId', input.actorId),
    ],
  )
  if (rows.length === 0) await requireOrganization(pool, organizationId)
  return rows.map(({ cost_usd: costUsd, ...row }) => ({
    ...row,
    calls: Number(row.calls),
    credits: credits(row.credits),
    costUsd: costUsd === null ? null : nanoUsd(costUsd),
  }))
}

/** How long credits last at the pace of the last two weeks. */
export interface Forecast {
  /** Days that the pace is of, at most 14; null: less than one, or no charge in them. */
  basisDays: number | null
  dailyAverage: Credits | null
  /** What will be charged until the period ends. */
  projectedUse: Credits | null
  /** null: they last until the period ends, or the plan is unlimited. */
  runsOutAt: Date | null
  periodEndsAt: Date
}

export async function getForecast(pool: Pool, organizationId: string): Promise<Forecast> {
  const [row] = await readAsOrganization<{
    basis_days: string | null
    daily_average: string | null
    projected_use: string | null
    runs_out_at: Date | null
    period_end: Date
  }>(pool, organizationId, 'select * from stipend.get_forecast($1::text)', [
    requireText('organizationId', organizationId),
  ])
  if (row === undefined) throw errorOf('organization_not_found', { organizationId })
  const orNull = (value: string | null) => (value === null ? null : credits(value))
  return {
    basisDays: row.basis_days === null ? null : Number(row.basis_days),
    dailyAverage: orNull(row.daily_average),
    projectedUse: orNull(row.projected_use),
    runsOutAt: row.runs_out_at,
    periodEndsAt: row.period_end,
  }
}

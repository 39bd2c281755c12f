import type { Pool } from 'pg'
import { v7 as uuid } from 'uuid'
import { type Credits, credits, formatCredits } from './credits.ts'
import { queryRow } from './database.ts'
import { errorOf, invalid } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { requireOrganization } from './transactions.ts'
import { isUuid, requireCredits, requireOneOf, requireText } from './validate.ts'

export const budgetScopes = ['organization', 'member', 'api_key', 'capability', 'form'] as const
export type BudgetScope = (typeof budgetScopes)[number]
export const budgetPeriods = ['day', 'week', 'month'] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

/** A ceiling on credits in a UTC day, week (from Monday) or month. Amounts in hundredths. */
export interface Budget {
  id: string
  organizationId: string
  scopeType: BudgetScope
  scopeId: string | null
  period: BudgetPeriod
  limitCredits: Credits
  /** Hard refuses; soft only tells at 80 and 100 %. */
  isHard: boolean
  usedCredits: Credits
  heldCredits: Credits
  resetsAt: Date
}

export interface PutBudgetInput {
  organizationId: string
  scopeType: BudgetScope
  /** The member, API key, capability or form; none for the organization. */
  scopeId?: string | undefined
  period: BudgetPeriod
  limitCredits: Credits
  isHard?: boolean | undefined
}

interface BudgetRow {
  id: string
  organization_id: string
  scope_type: BudgetScope
  scope_id: string | null
  period: BudgetPeriod
  limit_credits: string
  is_hard: boolean
  used: string
  held: string
  resets_at: Date
}

export async function listBudgets(pool: Pool, organizationId: string): Promise<Budget[]> {
  const rows = await readAsOrganization<BudgetRow>(
    pool,
    organizationId,
    `select b.*, coalesce(w.used, 0) as used, coalesce(w.held, 0) as held,
       (s.start at time zone 'UTC' + ('1 ' || b.period)::interval) at time zone 'UTC' as resets_at
     from stipend.budgets b
     left join stipend.test_clocks c on c.organization_id = b.organization_id
     cross join lateral (
       select stipend.budget_window_start(b.period, clock_timestamp() + coalesce(c.clock_offset, interval '0'))) s(start)
     left join stipend.budget_windows w
       on w.organization_id = b.organization_id and w.budget_id = b.id and w.window_start = s.start
     where b.organization_id = $1::text
     order by b.created_at, b.id`,
    [organizationId],
  )
  if (rows.length === 0) await requireOrganization(pool, organizationId)
  return rows.map((row) => ({
    id: row.id,
    organizationId: row.organization_id,
    scopeType: row.scope_type,
    scopeId: row.scope_id,
    period: row.period,
    limitCredits: credits(row.limit_credits),
    isHard: row.is_hard,
    usedCredits: credits(row.used),
    heldCredits: credits(row.held),
    resetsAt: row.resets_at,
  }))
}

/**
 * Sets the budget of a scope and period, or changes its limit and hardness.
 * @throws StipendError not_found where somebody removes it at the same moment
 */
export async function putBudget(pool: Pool, input: PutBudgetInput): Promise<Budget> {
  const scopeType = requireOneOf('scopeType', input.scopeType, budgetScopes)
  if (scopeType === 'organization' && input.scopeId !== undefined)
    throw invalid('scopeId', 'must be absent for scope organization')
  const scopeId = scopeType === 'organization' ? null : requireText('scopeId', input.scopeId)
  const row = await queryRow<{ id: string }>(
    pool,
    'select (stipend.put_budget($1::text, $2::uuid, $3::text, $4::text, $5::text, $6::numeric, $7::boolean)).id',
    [
      requireText('organizationId', input.organizationId),
      uuid(),
      scopeType,
      scopeId,
      requireOneOf('period', input.period, budgetPeriods),
      formatCredits(requireCredits('limitCredits', input.limitCredits)),
      input.isHard ?? true,
    ],
  )
  const budgets = await listBudgets(pool, input.organizationId)
  const budget = budgets.find(({ id }) => id === row.id)
  if (budget === undefined) {
    throw errorOf('not_found', { message: 'Somebody removed this budget at the same moment. Set it again.' })
  }
  return budget
}

/** Whether there was such a budget. */
export async function deleteBudget(pool: Pool, organizationId: string, budgetId: string): Promise<boolean> {
  if (!isUuid(budgetId)) return false
  const row = await queryRow<{ found: boolean }>(
    pool,
    'select stipend.delete_budget($1::text, $2::uuid) as found',
    [requireText('organizationId', organizationId), budgetId],
  )
  return row.found
}

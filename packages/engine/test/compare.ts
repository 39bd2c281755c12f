import { expect } from 'vitest'
import type { TestLedger } from './ledger.ts'
import type { OrganizationModel } from './model.ts'

/** Compares an organization with its model: pools, grants, holds, budget and the ledger row by row. */
export async function expectToAgree(
  ledger: TestLedger,
  organizationId: string,
  model: OrganizationModel,
  title: string,
): Promise<void> {
  const { rows } = await ledger.database.owner.query(
    `select (b.monthly_left * 100)::float as monthly, (b.bonus * 100)::float as bonus, (b.debt * 100)::float as debt,
       (b.reserved * 100)::float as reserved, (b.monthly_allocation * 100)::float as allocation,
       (b.used_this_period * 100)::float as used, b.period_number as period, n.unique_name as plan, p.status,
       q.unique_name as pending,
       (select coalesce(array_agg((g.remaining * 100)::float order by g.sequence), '{}')
        from stipend.credit_grants g where g.organization_id = b.organization_id) as grants,
       (select coalesce(array_agg(r.status order by r.created_at, r.id), '{}')
        from stipend.credit_reservations r where r.organization_id = b.organization_id) as holds,
       (select coalesce(array_agg(array[(w.used * 100)::float, (w.held * 100)::float] order by w.window_start), '{}')
        from stipend.budget_windows w where w.organization_id = b.organization_id) as budget,
       (select coalesce(array_agg(concat_ws(' ', t.type, (t.monthly_amount * 100)::float, (t.bonus_amount * 100)::float,
          (t.debt_amount * 100)::float, (t.covered_amount * 100)::float) order by t.sequence), '{}')
        from stipend.credit_transactions t where t.organization_id = b.organization_id) as ledger
     from stipend.organization_credit_balances b
     join stipend.organization_plans p on p.organization_id = b.organization_id
     join stipend.plans n on n.id = p.plan_id
     left join stipend.plans q on q.id = p.pending_plan_id
     where b.organization_id = $1`,
    [organizationId],
  )
  const { pools } = model
  expect(rows[0], title).toEqual({
    monthly: pools.monthly,
    bonus: pools.bonus,
    debt: pools.debt,
    reserved: model.reserved,
    allocation: model.allocation,
    used: model.used,
    period: model.period,
    plan: model.plan,
    status: model.status,
    pending: model.pending,
    grants: pools.grants.map(({ remaining }) => remaining),
    holds: model.holds.map(({ status }) => status),
    budget: [...model.budgetWindows].sort(([a], [b]) => a - b).map(([, { used, held }]) => [used, held]),
    ledger: pools.rows.map(
      ({ type, monthly, bonus, debt, covered }) => `${type} ${monthly} ${bonus} ${debt} ${covered}`,
    ),
  })
}

-- reads
-- Organizations for an operator, by id: those whose id or name has p_search in it, on a plan, with a status; up to p_limit
-- after p_after. NULL: any. Balances as they are written, without what is due and not yet written.
create or replace function stipend.list_organizations(
  p_search text, p_plan text, p_status text, p_after text, p_limit integer
) returns table (
  organization_id text, name text, plan text, status text, pending_plan text, is_unlimited boolean, balance numeric,
  reserved numeric, used_this_period numeric, monthly_allocation numeric, debt numeric, period_end timestamptz,
  last_transaction_at timestamptz, created_at timestamptz
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select g.id, g.name, n.unique_name, p.status, q.unique_name, n.monthly_ai_credits = -1,
    b.monthly_left + b.bonus - b.debt, b.reserved, b.used_this_period, b.monthly_allocation, b.debt, b.period_end,
    b.ledger_at, g.created_at
  from stipend.organizations g
  join stipend.organization_plans p on p.organization_id = g.id
  join stipend.plans n on n.id = p.plan_id
  left join stipend.plans q on q.id = p.pending_plan_id
  join stipend.organization_credit_balances b on b.organization_id = g.id
  where g.id > p_after
    and (p_search is null or strpos(lower(g.id), lower(p_search)) > 0 or strpos(lower(g.name), lower(p_search)) > 0)
    and (p_plan is null or n.unique_name = p_plan)
    and (p_status is null or p.status = p_status)
  order by g.id
  limit p_limit;
$$;

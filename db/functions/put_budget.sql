-- Sets a budget of a scope and period, or changes its limit and hardness.
-- A new budget counts from its first call on: what the window saw before is not looked up.
create or replace function stipend.put_budget(
  p_organization_id text, p_id uuid, p_scope_type text, p_scope_id text, p_period text,
  p_limit_credits numeric, p_is_hard boolean
) returns stipend.budgets
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_budget  stipend.budgets;
begin
  perform stipend.lock_balance(p_organization_id);
  insert into stipend.budgets as b (organization_id, id, scope_type, scope_id, period, limit_credits, is_hard)
  values (p_organization_id, p_id, p_scope_type, p_scope_id, p_period, p_limit_credits, p_is_hard)
  on conflict (organization_id, scope_type, scope_id, period)
  do update set limit_credits = excluded.limit_credits, is_hard = excluded.is_hard
  returning * into v_budget;
  update stipend.organization_credit_balances b set has_budgets = true where b.organization_id = p_organization_id;
  return v_budget;
end;
$$;

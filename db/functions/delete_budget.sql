-- Removes a budget; answers whether there was one.
create or replace function stipend.delete_budget(p_organization_id text, p_id uuid) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_found  boolean;
begin
  perform stipend.lock_balance(p_organization_id);
  delete from stipend.budgets b where b.organization_id = p_organization_id and b.id = p_id;
  v_found := found;
  delete from stipend.budget_windows w where w.organization_id = p_organization_id and w.budget_id = p_id;
  update stipend.organization_credit_balances b
  set has_budgets = exists (select from stipend.budgets x where x.organization_id = p_organization_id)
  where b.organization_id = p_organization_id;
  return v_found;
end;
$$;

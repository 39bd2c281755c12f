-- The share of its monthly credits, 10 to 50 percent, below which an organization's balance is low.
create or replace function stipend.put_low_balance_percent(p_organization_id text, p_percent integer) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform stipend.lock_balance(p_organization_id);
  update stipend.organization_credit_balances b set low_balance_percent = p_percent
  where b.organization_id = p_organization_id;
end;
$$;

-- internal
-- Takes one organization's balance row, waiting up to 2 s, writes what is due, and answers the row.
create or replace function stipend.lock_balance(p_organization_id text)
returns stipend.organization_credit_balances
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
begin
  if stipend.lock_balances(array[p_organization_id], true) = '{}' then
    perform stipend.refuse('organization_not_found', jsonb_build_object('organizationId', p_organization_id));
  end if;
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  return v_balance;
end;
$$;

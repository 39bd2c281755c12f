-- internal
-- Splits an amount over the pools in spend order (monthly, grants by priority, expiry, age, debt), takes it
-- from the grants and answers the parts, to be posted by the caller, who holds the lock.
create or replace function stipend.draw_credits(
  p_organization_id text, p_credits numeric,
  out monthly_amount numeric, out bonus_amount numeric, out debt_amount numeric
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grant  record;
  v_rest   numeric;
begin
  select -least(b.monthly_left, p_credits) into strict monthly_amount
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  v_rest := p_credits + monthly_amount;
  bonus_amount := 0;
  for v_grant in
    select g.id, g.remaining from stipend.credit_grants g
    where g.organization_id = p_organization_id and g.is_live
    order by g.priority, g.expires_at nulls last, g.created_at, g.id
  loop
    exit when v_rest = 0;
    perform stipend.draw_grants(p_organization_id, array[v_grant.id], array[least(v_rest, v_grant.remaining)]);
    bonus_amount := bonus_amount - least(v_rest, v_grant.remaining);
    v_rest := v_rest - least(v_rest, v_grant.remaining);
  end loop;
  debt_amount := -v_rest;
end;
$$;

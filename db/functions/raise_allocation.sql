-- internal
-- A plan with more credits within a period: the difference to the highest allocation already granted in it, at once.
-- Answers how many came. The caller holds the lock.
create or replace function stipend.raise_allocation(p_organization_id text, p_plan stipend.plans, p_now timestamptz)
returns numeric
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_credits  numeric;
begin
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  v_credits := p_plan.monthly_ai_credits - v_balance.monthly_allocation;
  if v_credits <= 0 then
    return 0;
  end if;
  update stipend.organization_credit_balances b set monthly_allocation = p_plan.monthly_ai_credits
  where b.organization_id = p_organization_id;
  perform stipend.post_monthly(p_organization_id, 'plan_change_adjustment', v_credits,
    format('#plan_change:%s:%s:%s', extract(epoch from v_balance.period_start)::bigint, p_plan.monthly_ai_credits,
      v_balance.ledger_sequence + 1), p_plan.unique_name, p_now);
  return v_credits;
end;
$$;

-- internal
-- A plan with fewer credits has been in force since this period began, and it becomes known only now: what was allocated
-- too much goes back, as far as it is left. The caller holds the lock.
create or replace function stipend.lower_allocation(p_organization_id text, p_plan stipend.plans, p_now timestamptz)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_credits  constant numeric := greatest(p_plan.monthly_ai_credits, 0);
  v_row      stipend.credit_transactions;
begin
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  if v_balance.monthly_allocation <= v_credits then
    return;
  end if;
  update stipend.organization_credit_balances b set monthly_allocation = v_credits
  where b.organization_id = p_organization_id;
  v_row.organization_id := p_organization_id;
  v_row.type := 'plan_change_adjustment';
  v_row.monthly_amount := -least(v_balance.monthly_left, v_balance.monthly_allocation - v_credits);
  v_row.bonus_amount := 0;
  v_row.debt_amount := 0;
  if v_row.monthly_amount = 0 then
    return;
  end if;
  v_row.plan := p_plan.unique_name;
  v_row.source_id := format('#plan_change:%s:%s:%s', extract(epoch from v_balance.period_start)::bigint, v_credits,
    v_balance.ledger_sequence + 1);
  v_row.effective_at := p_now;
  perform stipend.post_transaction(v_row);
end;
$$;

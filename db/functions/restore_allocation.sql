-- internal
-- An organization is active again: a period that began without its allocation gets it now; one that had it gets
-- back what lapsed when grace ran out. Each once. The caller holds the lock.
create or replace function stipend.restore_allocation(p_organization_id text) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_plan     stipend.plans;
  v_source   text;
  v_lapsed   record;
begin
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  select n.* into strict v_plan
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
  v_source := '#allocation:' || extract(epoch from v_balance.period_start)::bigint;

  if exists (
    select from stipend.credit_sources s where s.organization_id = p_organization_id and s.source_id = v_source) then
    for v_lapsed in
      select -s.credits as credits, s.sequence
      from stipend.credit_sources s
      where s.organization_id = p_organization_id
        and s.source_id like format('#lapse:past\_due:%s:%%', v_balance.period_number)
        and not exists (
          select from stipend.credit_sources x
          where x.organization_id = s.organization_id and x.source_id = '#restored:' || s.sequence)
    loop
      perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_lapsed.credits,
        '#restored:' || v_lapsed.sequence, v_plan.unique_name, null);
    end loop;
  elsif v_plan.monthly_ai_credits > 0 then
    update stipend.organization_credit_balances b
    set monthly_allocation = greatest(b.monthly_allocation, v_plan.monthly_ai_credits)
    where b.organization_id = p_organization_id;
    perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_plan.monthly_ai_credits, v_source,
      v_plan.unique_name, v_balance.period_start);
  end if;
end;
$$;

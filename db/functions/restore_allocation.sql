-- internal
-- An organization is active again: what lapsed in this period for want of a payment comes back if that is there, and an
-- allocation that was withheld at the period's start comes now, as does the difference of an upgrade made meanwhile.
-- Each once. The caller holds the lock.
create or replace function stipend.restore_allocation(p_organization_id text, p_is_paid boolean) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_plan     stipend.plans;
  v_credits  numeric;   -- monthly credits as the organization's plan had them when it was taken
  v_period   text;
  v_lapsed   record;
begin
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  select n.* into strict v_plan
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
  select p.monthly_ai_credits into strict v_credits
  from stipend.organization_plans p where p.organization_id = p_organization_id;
  v_period := extract(epoch from v_balance.period_start)::bigint;
  for v_lapsed in
    select -s.credits as credits, s.sequence
    from stipend.credit_sources s
    where p_is_paid and s.organization_id = p_organization_id
      and s.source_id ~ format('^#lapse:(past_due|unpaid):%s:', v_period)
      and not exists (
        select from stipend.credit_sources x
        where x.organization_id = s.organization_id and x.source_id = '#restored:' || s.sequence)
    order by s.sequence
  loop
    perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_lapsed.credits,
      '#restored:' || v_lapsed.sequence, v_plan.unique_name, null);
  end loop;

  if v_plan.monthly_ai_credits > 0
    and exists (select from stipend.credit_sources s
                where s.organization_id = p_organization_id and s.source_id = '#withheld:' || v_period)
    and not exists (select from stipend.credit_sources s
                    where s.organization_id = p_organization_id and s.source_id = '#allocation:' || v_period) then
    update stipend.organization_credit_balances b
    set monthly_allocation = greatest(b.monthly_allocation, v_plan.monthly_ai_credits)
    where b.organization_id = p_organization_id;
    perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_plan.monthly_ai_credits,
      '#allocation:' || v_period, v_plan.unique_name, v_balance.period_start);
  elsif v_credits > v_balance.monthly_allocation then
    v_plan.monthly_ai_credits := v_credits;
    perform stipend.raise_allocation(p_organization_id, v_plan, null);
  end if;
end;
$$;

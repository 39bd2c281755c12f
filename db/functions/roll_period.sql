-- internal
-- Ends the current period: monthly credits lapse, a pending plan change takes effect, the next period's
-- allocation comes. Periods run from anchor + k months.
create or replace function stipend.roll_period(p_organization_id text) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_plan     record;
begin
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;

  perform stipend.lapse_monthly(p_organization_id, v_balance.period_end,
    'period:' || extract(epoch from v_balance.period_start)::bigint);

  update stipend.organization_plans p
  set plan_id = n.id, monthly_ai_credits = n.monthly_ai_credits, pending_plan_id = null, pending_change_at = null,
      paid_until = case when n.price_usd_cents > 0 then p.paid_until end
  from stipend.plans n
  where p.organization_id = p_organization_id and n.id = p.pending_plan_id
    and p.pending_change_at <= v_balance.period_end;
  if found then
    perform stipend.emit_event(p_organization_id, 'plan.changed',
      (select jsonb_build_object('plan', n.unique_name)
       from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
       where p.organization_id = p_organization_id),
      v_balance.period_end);
  end if;

  select p.status, n.unique_name, n.monthly_ai_credits into strict v_plan
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;

  update stipend.organization_credit_balances b
  set period_number = b.period_number + 1,
      period_start = b.period_end,
      period_end = stipend.period_boundary(b.period_anchor, b.period_number + 2),
      monthly_allocation = case when v_plan.status = 'active' then greatest(v_plan.monthly_ai_credits, 0) else 0 end,
      used_this_period = 0
  where b.organization_id = p_organization_id;
  update stipend.organization_plans p set monthly_ai_credits = v_plan.monthly_ai_credits
  where p.organization_id = p_organization_id;

  if v_plan.status = 'active' and v_plan.monthly_ai_credits > 0 then
    perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_plan.monthly_ai_credits,
      '#allocation:' || extract(epoch from v_balance.period_end)::bigint, v_plan.unique_name, v_balance.period_end);
  elsif v_plan.status <> 'active' then
    -- For restore_allocation(), should it be paid after all.
    insert into stipend.credit_sources (organization_id, source_id, type, credits, sequence)
    select b.organization_id, '#withheld:' || extract(epoch from v_balance.period_end)::bigint, 'plan_allocation', 0,
      b.ledger_sequence
    from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  end if;
end;
$$;

-- Creates an organization on a plan, once. A new customer gets the welcome bonus and the first allocation.
-- An existing customer is taken in with p_take_in {periodAnchor, monthlyCredits?, bonusCredits?}: no welcome
-- bonus, the period that p_period_anchor implies, what was left of it. An organization that exists keeps its
-- plan and credits; its name is updated. Credits in credits.
create or replace function stipend.put_organization(
  p_organization_id text, p_name text, p_plan text,
  p_period_anchor timestamptz, p_monthly_credits numeric, p_bonus_credits numeric,
  out is_new boolean, out plan text
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan     stipend.plans;
  v_now      timestamptz := stipend.organization_now(p_organization_id, null);
  v_anchor   timestamptz;
  v_number   integer;
  v_monthly  numeric;
  v_row      stipend.credit_transactions;
begin
  insert into stipend.organizations (id, name) values (p_organization_id, p_name)
  on conflict (id) do nothing;
  is_new := found;
  if not is_new then
    if p_period_anchor <> (
      select b.period_anchor from stipend.organization_credit_balances b where b.organization_id = p_organization_id) then
      perform stipend.refuse('invalid_request', jsonb_build_object('field', 'takeIn',
        'rule', 'must be absent: the organization exists already; correct its credits with an adjustment'));
    end if;
    update stipend.organizations g set name = p_name where g.id = p_organization_id and g.name <> p_name;
    select n.unique_name into strict plan
    from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
    where p.organization_id = p_organization_id;
    return;
  end if;

  select * into v_plan from stipend.plans n where n.unique_name = p_plan and n.is_active;
  if v_plan.id is null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'plan', 'value', p_plan,
      'rule', 'must be one of ' || (select string_agg(n.unique_name, ', ' order by n.tier_rank) from stipend.plans n where n.is_active),
      'known',
      (select jsonb_agg(n.unique_name order by n.tier_rank) from stipend.plans n where n.is_active)));
  end if;
  v_anchor := coalesce(p_period_anchor, v_now);
  if v_anchor > v_now then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'takeIn.periodAnchor', 'value', stipend.utc_text(v_anchor),
      'rule', 'must not lie in the future'));
  end if;
  v_number := stipend.period_number(v_anchor, v_now);

  insert into stipend.organization_plans (organization_id, plan_id, monthly_ai_credits)
  values (p_organization_id, v_plan.id, v_plan.monthly_ai_credits);
  insert into stipend.organization_credit_balances (
    organization_id, plan_id, monthly_allocation, overdraft_limit, holds_due_from, period_anchor, period_number,
    period_start, period_end, next_due_at, ledger_hash, ledger_at)
  select p_organization_id, v_plan.id, greatest(v_plan.monthly_ai_credits, 0), s.overdraft_limit, v_now, v_anchor, v_number,
    stipend.period_boundary(v_anchor, v_number), stipend.period_boundary(v_anchor, v_number + 1),
    stipend.period_boundary(v_anchor, v_number + 1), sha256(convert_to(p_organization_id, 'UTF8')), v_now
  from stipend.credit_settings s;

  v_monthly := coalesce(p_monthly_credits, v_plan.monthly_ai_credits);
  if v_monthly > 0 then
    perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_monthly,
      '#allocation:' || extract(epoch from stipend.period_boundary(v_anchor, v_number))::bigint,
      v_plan.unique_name, v_now);
  end if;
  v_row.organization_id := p_organization_id;
  if p_period_anchor is null and v_plan.welcome_bonus_credits > 0 then
    v_row.type := 'welcome_bonus';
    v_row.source_id := '#welcome';
    perform stipend.add_grant(v_row, 'welcome', v_plan.welcome_bonus_credits, 100, null);
  end if;
  if p_bonus_credits > 0 then
    v_row.type := 'admin_adjustment';
    v_row.source_id := '#taken_in';
    v_row.reason := 'bonus credits of an existing customer';
    perform stipend.add_grant(v_row, 'admin', p_bonus_credits, 100, null);
  end if;
  plan := v_plan.unique_name;
end;
$$;

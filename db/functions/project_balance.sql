-- reads
-- An organization's balance as of now, read without a lock: the stored row, with rolls, lapses and end of grace
-- that are due and not yet written worked out as catch_up() will write them. Holds whose lease ran out count as
-- held until they are ended. O(1) while nothing is due. Credits in credits; one row, none for an unknown organization.
create or replace function stipend.project_balance(p_organization_id text)
returns table (
  monthly_left numeric, bonus numeric, debt numeric, reserved numeric, used_this_period numeric,
  overdraft_limit numeric, monthly_allocation numeric, period_start timestamptz, period_end timestamptz,
  plan text, status text, is_unlimited boolean, pending_plan text, pending_change_at timestamptz, low_balance_percent integer
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance     stipend.organization_credit_balances;
  v_plan        stipend.plans;
  v_pending     stipend.plans;
  v_pending_at  timestamptz;
  v_status      text;
  v_grace_end   timestamptz;
  v_now         timestamptz;
begin
  select b.* into v_balance from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  if v_balance.organization_id is null then
    return;
  end if;
  select n.* into strict v_plan from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
  select p.status, p.pending_change_at, p.paid_until + make_interval(hours => 24 * s.grace_days)
  into strict v_status, v_pending_at, v_grace_end
  from stipend.organization_plans p cross join stipend.credit_settings s where p.organization_id = p_organization_id;
  select n.* into v_pending from stipend.organization_plans p join stipend.plans n on n.id = p.pending_plan_id
  where p.organization_id = p_organization_id;
  v_now := stipend.organization_now(p_organization_id, v_balance.ledger_at);

  if v_balance.next_due_at <= v_now then
    v_balance.bonus := v_balance.bonus - (
      select coalesce(sum(g.remaining), 0) from stipend.credit_grants g
      where g.organization_id = p_organization_id and g.is_live and g.expires_at <= v_now);
    loop
      if v_status = 'active' and v_grace_end <= v_now and v_grace_end < v_balance.period_end then
        v_status := 'past_due';
        v_balance.monthly_left := 0;
      elsif v_balance.period_end <= v_now then
        if v_pending_at <= v_balance.period_end then
          v_plan := v_pending;
          v_grace_end := case when v_plan.price_usd_cents > 0 then v_grace_end end;
          v_pending := null;
          v_pending_at := null;
        end if;
        v_balance.period_number := v_balance.period_number + 1;
        v_balance.period_start := v_balance.period_end;
        v_balance.period_end := stipend.period_boundary(v_balance.period_anchor, v_balance.period_number + 1);
        v_balance.used_this_period := 0;
        v_balance.monthly_allocation := case when v_status = 'active' then greatest(v_plan.monthly_ai_credits, 0) else 0 end;
        v_balance.monthly_left := v_balance.monthly_allocation - least(v_balance.debt, v_balance.monthly_allocation);
        v_balance.debt := v_balance.debt - least(v_balance.debt, v_balance.monthly_allocation);
      else
        exit;
      end if;
    end loop;
  end if;

  return query select
    v_balance.monthly_left, v_balance.bonus, v_balance.debt, v_balance.reserved, v_balance.used_this_period,
    v_balance.overdraft_limit, v_balance.monthly_allocation, v_balance.period_start, v_balance.period_end,
    v_plan.unique_name, v_status, v_plan.monthly_ai_credits = -1, v_pending.unique_name, v_pending_at,
    v_balance.low_balance_percent::integer;
end;
$$;

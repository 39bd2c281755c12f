-- internal
-- The steps of sync_subscription() for a subscription that has been paid for and whose end, if any, is new. First as if
-- it had not ended, then the end, so that a subscription which becomes known when all is over leaves what it would have
-- left in time. The caller holds the lock.
create or replace function stipend.apply_subscription(
  p_subscription stipend.subscriptions, p_unpaid_before timestamptz, p_is_known boolean, p_plan stipend.plans,
  p_plan_from timestamptz, p_next_plan text, p_now timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id  constant text := p_subscription.organization_id;
  v_paid_until       constant timestamptz := least(p_subscription.paid_until, p_subscription.unpaid_from);
  v_balance          stipend.organization_credit_balances;
  v_old              record;
  v_lowest           stipend.plans;
  v_next             stipend.plans;
  v_start            timestamptz;
  v_grace            interval;
  v_is_known         boolean := p_is_known;
begin
  select * into strict v_lowest from stipend.plans n where n.is_active order by n.tier_rank limit 1;
  select make_interval(hours => 24 * s.grace_days) into strict v_grace from stipend.credit_settings s;
  select p.status, p.paid_until, n.tier_rank, n.id into strict v_old
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = v_organization_id;
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = v_organization_id;

  v_start := stipend.period_boundary(p_subscription.anchor_at, stipend.period_number(p_subscription.anchor_at, p_now));
  if not p_is_known and v_old.id = p_plan.id
    and abs(extract(epoch from v_start - v_balance.period_start)) < 86400 then
    -- A customer who was taken in with a running subscription: this period's credits are there.
    perform stipend.move_billing_period(v_organization_id, p_subscription.anchor_at, p_now);
    v_is_known := true;
    select * into strict v_balance
    from stipend.organization_credit_balances b where b.organization_id = v_organization_id;
  end if;
  if not v_is_known then
    if p_subscription.ended_at <= v_start and v_start > p_subscription.anchor_at then
      perform stipend.put_plan(v_organization_id, v_lowest, 0, p_now);
      perform stipend.put_paid_until(v_organization_id, p_subscription.stripe_subscription_id, null, true);
      perform stipend.start_billing_period(v_organization_id, p_subscription.anchor_at,
        p_subscription.stripe_subscription_id, v_lowest, false, p_now);
      perform stipend.end_subscription(p_subscription, v_lowest, p_now);
      return;
    end if;
    perform stipend.put_plan(v_organization_id, p_plan, greatest(p_plan.monthly_ai_credits, 0), p_now);
    perform stipend.put_paid_until(v_organization_id, p_subscription.stripe_subscription_id, v_paid_until, true);
    perform stipend.start_billing_period(v_organization_id, p_subscription.anchor_at,
      p_subscription.stripe_subscription_id, p_plan, v_paid_until + v_grace <= v_start, p_now);
  else
    perform stipend.put_paid_until(v_organization_id, p_subscription.stripe_subscription_id, v_paid_until,
      v_old.status <> 'past_due' or v_paid_until > p_now);
    if v_old.id <> p_plan.id then
      perform stipend.put_plan(v_organization_id, p_plan,
        greatest(p_plan.monthly_ai_credits - v_balance.monthly_allocation, 0), p_now);
    end if;
    if (v_old.status = 'past_due' and v_paid_until > p_now)
      or (p_unpaid_before is not null and p_subscription.unpaid_from is null) then
      perform stipend.restore_allocation(v_organization_id, true);
    end if;
    if v_old.id <> p_plan.id then
      if v_old.status <> 'past_due' or v_paid_until > p_now then
        perform stipend.raise_allocation(v_organization_id, p_plan, p_now);
      end if;
      if p_plan_from <= v_balance.period_start then
        perform stipend.lower_allocation(v_organization_id, p_plan, p_now);
      end if;
    end if;
  end if;

  if p_subscription.unpaid_from is not null and p_unpaid_before is null then
    perform stipend.lapse_monthly(v_organization_id, p_now, stipend.lapse_source(v_organization_id, 'unpaid'));
  end if;

  select * into v_next from stipend.plans n
  where n.unique_name = case when p_subscription.cancels_at is null then p_next_plan else v_lowest.unique_name end
    and n.tier_rank < p_plan.tier_rank;
  update stipend.organization_plans p
  set pending_plan_id = v_next.id,
      pending_change_at = case when v_next.id is not null
        then coalesce(p_subscription.cancels_at, p_subscription.paid_until) end
  where p.organization_id = v_organization_id
    and (p.pending_plan_id, p.pending_change_at) is distinct from (v_next.id, case when v_next.id is not null
        then coalesce(p_subscription.cancels_at, p_subscription.paid_until) end);

  update stipend.organization_credit_balances b set next_due_at = p_now where b.organization_id = v_organization_id;
  perform stipend.catch_up(v_organization_id);
  if p_subscription.ended_at is not null then
    perform stipend.end_subscription(p_subscription, v_lowest, p_now);
  end if;
end;
$$;

-- internal
-- A subscription is over: the lowest plan, bonus kept. Paid credits stay until their period ends; where it ended before
-- this period began, the period is the lowest plan's. The caller holds the lock.
create or replace function stipend.end_subscription(
  p_subscription stipend.subscriptions, p_lowest stipend.plans, p_now timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id  constant text := p_subscription.organization_id;
  v_was_past_due     boolean;
begin
  select p.status = 'past_due' into strict v_was_past_due
  from stipend.organization_plans p where p.organization_id = v_organization_id;
  perform stipend.put_plan(v_organization_id, p_lowest, 0, p_now);
  perform stipend.put_paid_until(v_organization_id, null, null, true);
  if v_was_past_due then
    perform stipend.restore_allocation(v_organization_id, false);
  end if;
  if exists (
    select from stipend.organization_credit_balances b
    where b.organization_id = v_organization_id
      and b.period_start >= p_subscription.ended_at and b.period_start > p_subscription.anchor_at) then
    perform stipend.lower_allocation(v_organization_id, p_lowest, p_now);
    perform stipend.raise_allocation(v_organization_id, p_lowest, p_now);
  end if;
  perform stipend.emit_event(v_organization_id, 'subscription.ended',
    jsonb_build_object('plan', p_lowest.unique_name, 'endedAt', stipend.utc_text(p_subscription.ended_at)), p_now);
  update stipend.organization_credit_balances b set next_due_at = p_now where b.organization_id = v_organization_id;
  perform stipend.catch_up(v_organization_id);
end;
$$;

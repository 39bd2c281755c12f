-- What the billing side says of an organization's subscription: paid until when (NULL: nobody bills it),
-- suspended by the operator or not, ended. A payment ends past due and brings back what lapsed of this period's
-- allocation; an ended subscription moves to the lowest plan, bonus kept.
create or replace function stipend.update_subscription(
  p_organization_id text, p_paid_until timestamptz, p_is_suspended boolean, p_is_ended boolean,
  out status text, out plan text, out paid_until timestamptz
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_now      timestamptz;
  v_before   record;
  v_lowest   stipend.plans;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  v_now := stipend.organization_now(p_organization_id, v_balance.ledger_at);
  select p.status, n.unique_name, n.monthly_ai_credits into strict v_before
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;

  if p_is_ended then
    select * into strict v_lowest from stipend.plans n where n.is_active order by n.tier_rank limit 1;
    update stipend.organization_plans p
    set plan_id = v_lowest.id, monthly_ai_credits = v_lowest.monthly_ai_credits, status = 'active', paid_until = null,
        pending_plan_id = null, pending_change_at = null, stripe_subscription_id = null
    where p.organization_id = p_organization_id;
    perform stipend.emit_event(p_organization_id, 'plan.changed',
      jsonb_build_object('plan', v_lowest.unique_name, 'previousPlan', v_before.unique_name), v_now);
  else
    update stipend.organization_plans p
    set paid_until = p_paid_until,
        status = case
          when p_is_suspended then 'suspended'
          when p.status = 'past_due' and p_paid_until <= v_now then 'past_due'
          else 'active' end
    where p.organization_id = p_organization_id;
    select p.status into strict status from stipend.organization_plans p where p.organization_id = p_organization_id;
    if v_before.status <> 'active' and status = 'active' then
      perform stipend.restore_allocation(p_organization_id, p_paid_until is not null);
    end if;
  end if;

  update stipend.organization_credit_balances b set next_due_at = v_now where b.organization_id = p_organization_id;
  perform stipend.catch_up(p_organization_id);
  select p.status, n.unique_name, p.paid_until into strict status, plan, paid_until
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
end;
$$;

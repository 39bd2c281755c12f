-- Makes an organization's plan, periods and credits what its subscription at Stripe says: p_plan is the one that was
-- last paid for (NULL: nothing was yet), since p_plan_from, until p_paid_until; p_unpaid_from when that payment was
-- refunded or disputed; p_next_plan what follows where it is another one; p_anchor where its periods begin. Applied
-- twice, late or in another order it ends the same. Outcome: applied, unchanged or stale (a newer reading was applied).
create or replace function stipend.sync_subscription(
  p_organization_id text, p_sync bigint, p_subscription_id text, p_status text, p_interval text, p_plan text,
  p_anchor timestamptz, p_plan_from timestamptz, p_paid_until timestamptz, p_unpaid_from timestamptz, p_next_plan text,
  p_cancels_at timestamptz, p_ended_at timestamptz,
  p_payment_failed_at timestamptz, p_payment_failed_cents integer, p_payment_failed_url text,
  out outcome text, out plan text, out status text
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance    stipend.organization_credit_balances;
  v_now        timestamptz;
  v_before     stipend.subscriptions;
  v_after      stipend.subscriptions;
  v_plan       stipend.plans;
  v_is_known   boolean;     -- its periods run already
  v_was_ended  boolean;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  v_now := stipend.organization_now(p_organization_id, v_balance.ledger_at);
  if not stipend.apply_stripe_sync(p_organization_id, 'subscription', p_sync) then
    outcome := 'stale';
  else
    select * into v_before from stipend.subscriptions s where s.organization_id = p_organization_id;
    v_after := row(p_organization_id, p_subscription_id, p_status, p_interval, p_anchor, p_paid_until, p_unpaid_from,
      p_cancels_at, p_ended_at, p_payment_failed_at, p_payment_failed_cents, p_payment_failed_url,
      coalesce(v_before.updated_at, v_now));
    v_is_known := coalesce(v_before.stripe_subscription_id = p_subscription_id and v_before.anchor_at = p_anchor, false);
    v_was_ended := coalesce(v_is_known and v_before.ended_at is not null, false);
    insert into stipend.subscriptions select (v_after).*
    on conflict (organization_id) do update
    set (stripe_subscription_id, status, billing_interval, anchor_at, paid_until, unpaid_from, cancels_at, ended_at,
         payment_failed_at, payment_failed_cents, payment_failed_url, updated_at)
      = (p_subscription_id, p_status, p_interval, p_anchor, p_paid_until, p_unpaid_from, p_cancels_at, p_ended_at,
         p_payment_failed_at, p_payment_failed_cents, p_payment_failed_url, v_now);
    if p_payment_failed_at is distinct from v_before.payment_failed_at and p_payment_failed_at is not null then
      perform stipend.emit_event(p_organization_id, 'payment.failed', jsonb_build_object('kind', 'subscription',
        'amountCents', p_payment_failed_cents, 'currency', 'usd', 'payUrl', p_payment_failed_url), v_now);
    end if;

    select * into v_plan from stipend.plans n where n.unique_name = p_plan;
    if v_was_ended then
      perform stipend.settle_ended_subscription(v_after, v_before.unpaid_from, v_now);
    elsif v_plan.id is not null then
      perform stipend.apply_subscription(v_after, v_before.unpaid_from, v_is_known, v_plan, p_plan_from, p_next_plan, v_now);
    end if;
    outcome := case when v_after = v_before and v_balance.ledger_sequence = (
        select b.ledger_sequence from stipend.organization_credit_balances b where b.organization_id = p_organization_id)
      then 'unchanged' else 'applied' end;
  end if;
  select n.unique_name, p.status into strict plan, status
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
end;
$$;

-- internal
-- The last payment of a subscription that has ended is refunded or disputed: what is left of the credits that it paid for
-- lapses, and comes back when the dispute is won. Credits of a period that began after the end are the lowest plan's and
-- stay. The caller holds the lock.
create or replace function stipend.settle_ended_subscription(
  p_subscription stipend.subscriptions, p_unpaid_before timestamptz, p_now timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_subscription.unpaid_from is null) = (p_unpaid_before is null)
    or exists (
      select from stipend.organization_credit_balances b
      where b.organization_id = p_subscription.organization_id
        and b.period_start >= p_subscription.ended_at and b.period_start > p_subscription.anchor_at) then
    return;
  end if;
  if p_subscription.unpaid_from is null then
    perform stipend.restore_allocation(p_subscription.organization_id, true);
  else
    perform stipend.lapse_monthly(p_subscription.organization_id, p_now,
      stipend.lapse_source(p_subscription.organization_id, 'unpaid'));
  end if;
end;
$$;

-- internal
-- Until when an organization's plan is paid (NULL: nobody bills it), by which subscription; with p_is_active it is no
-- longer past due. An operator's suspension stays. The caller holds the lock.
create or replace function stipend.put_paid_until(
  p_organization_id text, p_subscription_id text, p_paid_until timestamptz, p_is_active boolean
) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.organization_plans p
  set paid_until = p_paid_until, stripe_subscription_id = p_subscription_id,
      status = case when p_is_active and p.status = 'past_due' then 'active' else p.status end
  where p.organization_id = p_organization_id;
$$;

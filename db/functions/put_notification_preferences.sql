-- What a person wants to be told; NULL leaves as it is.
create or replace function stipend.put_notification_preferences(
  p_organization_id text, p_actor_type text, p_actor_id text,
  p_low_balance_email boolean, p_depleted_email boolean, p_weekly_digest_email boolean
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform stipend.lock_balance(p_organization_id);
  insert into stipend.notification_preferences as n (
    organization_id, actor_type, actor_id, low_balance_email, depleted_email, weekly_digest_email)
  values (p_organization_id, p_actor_type, p_actor_id, coalesce(p_low_balance_email, true),
    coalesce(p_depleted_email, true), coalesce(p_weekly_digest_email, false))
  on conflict (organization_id, actor_type, actor_id) do update set
    low_balance_email = coalesce(p_low_balance_email, n.low_balance_email),
    depleted_email = coalesce(p_depleted_email, n.depleted_email),
    weekly_digest_email = coalesce(p_weekly_digest_email, n.weekly_digest_email),
    updated_at = clock_timestamp();
end;
$$;

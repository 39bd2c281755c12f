-- What a person wants to be told, and for the whole organization the share of its monthly credits (10 to 50 percent) below
-- which its balance is low and the address of its Slack channel ('': disconnected). All or nothing; NULL leaves as it is.
create or replace function stipend.put_notification_preferences(
  p_organization_id text, p_actor_type text, p_actor_id text,
  p_low_balance_email boolean, p_depleted_email boolean, p_weekly_digest_email boolean, p_in_app boolean,
  p_low_balance_percent integer, p_slack_url text
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform stipend.lock_balance(p_organization_id);
  if p_low_balance_percent is not null then
    update stipend.organization_credit_balances b set low_balance_percent = p_low_balance_percent
    where b.organization_id = p_organization_id;
  end if;
  if p_slack_url is not null then
    insert into stipend.notification_settings (organization_id, slack_url)
    values (p_organization_id, nullif(p_slack_url, ''))
    on conflict (organization_id) do update set slack_url = nullif(p_slack_url, ''), slack_last_error = null;
  end if;
  if coalesce(p_low_balance_email, p_depleted_email, p_weekly_digest_email, p_in_app) is not null then
    insert into stipend.notification_preferences as n (
      organization_id, actor_type, actor_id, low_balance_email, depleted_email, weekly_digest_email, in_app)
    values (p_organization_id, p_actor_type, p_actor_id, coalesce(p_low_balance_email, true),
      coalesce(p_depleted_email, true), coalesce(p_weekly_digest_email, false), coalesce(p_in_app, true))
    on conflict (organization_id, actor_type, actor_id) do update set
      low_balance_email = coalesce(p_low_balance_email, n.low_balance_email),
      depleted_email = coalesce(p_depleted_email, n.depleted_email),
      weekly_digest_email = coalesce(p_weekly_digest_email, n.weekly_digest_email),
      in_app = coalesce(p_in_app, n.in_app),
      updated_at = clock_timestamp();
  end if;
end;
$$;

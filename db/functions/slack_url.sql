-- The address of an organization's Slack channel, for a post by hand; NULL: not connected.
create or replace function stipend.slack_url(p_organization_id text) returns text
language sql stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.slack_url from stipend.notification_settings s where s.organization_id = p_organization_id;
$$;

-- Keeps how the last post to an organization's Slack channel went; p_error NULL: well.
create or replace function stipend.note_slack(p_organization_id text, p_error text) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.notification_settings s set slack_last_error = p_error where s.organization_id = p_organization_id;
$$;

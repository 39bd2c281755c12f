-- internal
-- Deliveries with their log, mails, posts and notices after 30 days, and secrets that have run out; how many rows.
create or replace function stipend.delete_expired_messages(p_limit integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count  integer;
  v_total  integer := 0;
begin
  delete from stipend.webhook_deliveries d where (d.organization_id, d.id) in (
    select x.organization_id, x.id from stipend.webhook_deliveries x
    where x.created_at < clock_timestamp() - interval '30 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.message_deliveries m where (m.organization_id, m.id) in (
    select x.organization_id, x.id from stipend.message_deliveries x
    where x.created_at < clock_timestamp() - interval '30 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.notifications n where (n.organization_id, n.id) in (
    select x.organization_id, x.id from stipend.notifications x
    where x.created_at < clock_timestamp() - interval '30 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.webhook_secrets s where (s.organization_id, s.endpoint_id, s.id) in (
    select x.organization_id, x.endpoint_id, x.id from stipend.webhook_secrets x
    where x.expires_at < clock_timestamp() limit p_limit);
  get diagnostics v_count = row_count;
  return v_total + v_count;
end;
$$;

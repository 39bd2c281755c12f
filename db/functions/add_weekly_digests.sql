-- Adds the digest of the last week (UTC, Monday to Monday) for up to p_limit people who want it and had asked for it
-- before it was due, on Monday at 8:00 by their organization's time. Once for each and week; how many were added.
create or replace function stipend.add_weekly_digests(p_limit integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count  integer;
begin
  insert into stipend.message_deliveries (
    organization_id, channel, event_id, type, payload, event_at, recipient_type, recipient_id)
  select n.organization_id, 'mail', k.event_id, 'weekly_digest',
    jsonb_build_object('from', stipend.utc_text(w.monday - interval '7 days'), 'to', stipend.utc_text(w.monday)),
    w.monday, n.actor_type, n.actor_id
  from stipend.notification_preferences n
  left join stipend.test_clocks t on t.organization_id = n.organization_id
  cross join lateral (
    select date_trunc('week', (clock_timestamp() + coalesce(t.clock_offset, interval '0') - interval '8 hours')
      at time zone 'UTC') at time zone 'UTC') w(monday)
  cross join lateral (
    select 'digest:' || n.organization_id || ':' || to_char(w.monday at time zone 'UTC', 'YYYY-MM-DD')) k(event_id)
  where n.weekly_digest_email
    and n.updated_at + coalesce(t.clock_offset, interval '0') < w.monday + interval '8 hours'
    and not exists (
      select from stipend.message_deliveries m
      where m.organization_id = n.organization_id and m.event_id = k.event_id and m.channel = 'mail'
        and m.recipient_type = n.actor_type and m.recipient_id = n.actor_id)
  order by n.organization_id, n.actor_type, n.actor_id
  limit p_limit
  on conflict (organization_id, event_id, channel, recipient_type, recipient_id) do nothing;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

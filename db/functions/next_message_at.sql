-- reads
-- When the next webhook, or message of one of the channels, is due that nobody has taken; NULL: none waits.
create or replace function stipend.next_message_at(p_channels text[]) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select least(
    (select min(d.next_attempt_at) from stipend.webhook_deliveries d
     join stipend.webhook_endpoints e on e.organization_id = d.organization_id and e.id = d.endpoint_id and e.is_enabled
     where d.status = 'pending' and d.lease is null),
    (select m.next_attempt_at from stipend.message_deliveries m
     where m.status = 'pending' and m.lease is null and m.channel = any(p_channels) order by 1 limit 1));
$$;

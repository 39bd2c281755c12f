-- Ends an attempt: p_outcome delivered, dropped (nobody wants it any more) or failed, which is tried again after a while.
-- False: somebody else has taken the message.
create or replace function stipend.finish_message(
  p_organization_id text, p_id uuid, p_lease uuid, p_outcome text, p_error text
) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_channel  text;
begin
  update stipend.message_deliveries m
  set lease = null, leased_until = '-infinity', last_error = p_error,
    failures = m.failures + (p_outcome = 'failed')::integer,
    status = case when p_outcome = 'failed' and w.delay is not null then 'pending' else p_outcome end,
    finished_at = case when p_outcome = 'failed' and w.delay is not null then null else clock_timestamp() end,
    next_attempt_at = clock_timestamp() + coalesce(w.delay, interval '0')
  from stipend.message_deliveries x
  cross join lateral (select stipend.retry_delay(x.failures + 1) as delay) w
  where x.organization_id = p_organization_id and x.id = p_id and x.lease = p_lease
    and m.organization_id = x.organization_id and m.id = x.id and m.lease = p_lease
  returning m.channel into v_channel;
  if not found then
    return false;
  end if;
  if v_channel = 'slack' and p_outcome <> 'dropped' then
    perform stipend.note_slack(p_organization_id, p_error);
  end if;
  return true;
end;
$$;

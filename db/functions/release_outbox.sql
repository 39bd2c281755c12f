-- Gives an organization's lease back; with p_error its events are tried again after 2, 4, 8 … seconds, at most an hour.
create or replace function stipend.release_outbox(p_organization_id text, p_lease uuid, p_error text) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.outbox_cursors c
  set lease = null, leased_until = '-infinity', last_error = p_error,
    attempts = case when p_error is null then 0 else c.attempts + 1 end,
    next_attempt_at = clock_timestamp() + case
      when p_error is null then interval '0'
      else least(power(2, least(c.attempts + 1, 20)), 3600) * interval '1 second' end
  where c.organization_id = p_organization_id and c.lease = p_lease;
$$;

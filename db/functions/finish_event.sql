-- Marks an event delivered (p_event_id), or the ledger told up to p_sequence, and keeps the lease for another minute.
-- False: the lease has gone to somebody else, who goes on from here.
create or replace function stipend.finish_event(
  p_organization_id text, p_lease uuid, p_event_id bigint, p_sequence bigint
) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update stipend.outbox_cursors c
  set leased_until = clock_timestamp() + interval '1 minute', attempts = 0, last_error = null,
    consumption_sequence = greatest(c.consumption_sequence, p_sequence)
  where c.organization_id = p_organization_id and c.lease = p_lease;
  if not found then
    return false;
  end if;
  update stipend.outbox_events e set delivered_at = clock_timestamp()
  where e.organization_id = p_organization_id and e.id = p_event_id;
  return true;
end;
$$;

-- internal
-- Takes the lease on an organization's events, unless somebody has it or they were put off. With p_since the ledger's
-- cursor goes on from there, if it is not further already, and is answered.
create or replace function stipend.lease_outbox(p_organization_id text, p_since timestamptz)
returns table (organization_id text, lease uuid, consumption_sequence bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into stipend.outbox_cursors (organization_id)
  select p_organization_id
  where not exists (select from stipend.outbox_cursors c where c.organization_id = p_organization_id)
  on conflict do nothing;
  perform from stipend.outbox_cursors c
  where c.organization_id = p_organization_id
    and c.next_attempt_at <= clock_timestamp() and c.leased_until <= clock_timestamp()
  for update skip locked;
  if not found then
    return;
  end if;
  return query
    update stipend.outbox_cursors c
    set lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '1 minute',
      consumption_sequence = case
        when p_since is null then c.consumption_sequence
        else greatest(c.consumption_sequence, stipend.sequence_at(p_organization_id, p_since) - 1) end
    where c.organization_id = p_organization_id
    returning c.organization_id, c.lease, case when p_since is not null then c.consumption_sequence end;
end;
$$;

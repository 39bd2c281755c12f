-- Takes an Idempotency-Key for a request: is_ours says that it is to be run, else the record of who came first is told,
-- with a status once it has been answered. A record that ran out after 48 hours, or whose server ended before it
-- answered, is taken over. Requests that act for no organization name the empty one.
create or replace function stipend.claim_request(
  p_organization_id text, p_key text, p_parameter_hash bytea,
  out is_ours boolean, out parameter_hash bytea, out status integer, out body jsonb
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into stipend.idempotency_records as r (organization_id, key, parameter_hash)
  values (p_organization_id, p_key, p_parameter_hash)
  on conflict on constraint idempotency_records_pkey do update
  set parameter_hash = excluded.parameter_hash, status = null, body = null, created_at = clock_timestamp()
  where r.created_at < clock_timestamp() - interval '48 hours'
    or (r.status is null and r.parameter_hash = excluded.parameter_hash
      and r.created_at < clock_timestamp() - interval '5 minutes');
  is_ours := found;
  if not is_ours then
    select r.parameter_hash, r.status, r.body into parameter_hash, status, body
    from stipend.idempotency_records r
    where r.organization_id = p_organization_id and r.key = p_key;
  end if;
end;
$$;

-- Keeps the answer of a request that runs under an Idempotency-Key; status NULL gives the key up for another try.
create or replace function stipend.finish_request(
  p_organization_id text, p_key text, p_status integer, p_body jsonb
) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  delete from stipend.idempotency_records r
  where p_status is null and r.organization_id = p_organization_id and r.key = p_key and r.status is null;
  update stipend.idempotency_records r set status = p_status, body = p_body
  where p_status is not null and r.organization_id = p_organization_id and r.key = p_key and r.status is null;
$$;

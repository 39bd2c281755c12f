-- internal
-- What a delivery to an endpoint is signed with, the current secret first.
create or replace function stipend.webhook_signing_secrets(p_organization_id text, p_endpoint_id uuid) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(s.secret order by s.expires_at desc nulls first) from stipend.webhook_secrets s
  where s.organization_id = p_organization_id and s.endpoint_id = p_endpoint_id
    and (s.expires_at is null or s.expires_at > clock_timestamp());
$$;

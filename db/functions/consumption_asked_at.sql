-- internal
-- Since when an organization has an endpoint that is told of its charges; NULL: it has none.
create or replace function stipend.consumption_asked_at(p_organization_id text) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select min(e.consumption_since) from stipend.webhook_endpoints e
  where e.organization_id = p_organization_id and e.is_enabled and e.consumption_since is not null;
$$;

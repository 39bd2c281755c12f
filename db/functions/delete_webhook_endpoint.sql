-- Removes an endpoint with its deliveries and their log; whether there was one.
create or replace function stipend.delete_webhook_endpoint(p_organization_id text, p_id uuid) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from stipend.webhook_endpoints e where e.organization_id = p_organization_id and e.id = p_id;
  return found;
end;
$$;

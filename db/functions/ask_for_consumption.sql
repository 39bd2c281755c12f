-- internal
-- Has an endpoint told of charges from now on, if it asks for them by name, is enabled, and was not told already.
-- Charges made while it was not told of them stay untold.
create or replace function stipend.ask_for_consumption(p_organization_id text, p_endpoint_id uuid) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_since  timestamptz;
begin
  update stipend.webhook_endpoints e
  set consumption_since = case when e.is_enabled and 'credits.consumption' = any(e.events)
    then coalesce(e.consumption_since, clock_timestamp()) end
  where e.organization_id = p_organization_id and e.id = p_endpoint_id
  returning e.consumption_since into v_since;
  if v_since is not null then
    insert into stipend.consumption_feed default values on conflict do nothing;
  end if;
end;
$$;

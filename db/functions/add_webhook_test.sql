-- Adds a delivery of webhook.test for an endpoint; it is tried once, at hand.
create or replace function stipend.add_webhook_test(p_organization_id text, p_endpoint_id uuid) returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id  uuid := gen_random_uuid();
begin
  perform from stipend.webhook_endpoints e
  where e.organization_id = p_organization_id and e.id = p_endpoint_id for key share;
  if not found then
    perform stipend.refuse('not_found', jsonb_build_object('message', 'No such endpoint.', 'id', p_endpoint_id));
  end if;
  -- Failed until it was tried, so that nobody else sends it.
  insert into stipend.webhook_deliveries (
    organization_id, id, endpoint_id, event_id, type, payload, event_at, status, finished_at)
  values (p_organization_id, v_id, p_endpoint_id, 'test:' || p_organization_id || ':' || v_id, 'webhook.test',
    jsonb_build_object('endpointId', p_endpoint_id), clock_timestamp(), 'failed', clock_timestamp());
  return v_id;
end;
$$;

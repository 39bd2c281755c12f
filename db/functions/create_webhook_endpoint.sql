-- Adds an endpoint with its secret, at most 20 of an organization. Charges are told of from now on, if it asks for them.
create or replace function stipend.create_webhook_endpoint(
  p_organization_id text, p_id uuid, p_secret text, p_url text, p_description text, p_events text[]
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform stipend.lock_balance(p_organization_id);
  if (select count(*) from stipend.webhook_endpoints e where e.organization_id = p_organization_id) >= 20 then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'url',
      'rule', 'would be the organization''s 21st endpoint: delete one first'));
  end if;
  insert into stipend.webhook_endpoints (organization_id, id, url, description, events)
  values (p_organization_id, p_id, p_url, p_description, p_events);
  insert into stipend.webhook_secrets (organization_id, endpoint_id, id, secret)
  values (p_organization_id, p_id, gen_random_uuid(), p_secret);
  perform stipend.ask_for_consumption(p_organization_id, p_id);
end;
$$;

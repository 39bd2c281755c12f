-- Adds an endpoint with its secret, or changes one where p_secret is NULL. At most 20 of an organization.
create or replace function stipend.put_webhook_endpoint(
  p_organization_id text, p_id uuid, p_secret text, p_url text, p_description text, p_events text[], p_is_enabled boolean
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_since  timestamptz := case when 'credits.consumption' = any(p_events) then clock_timestamp() end;
begin
  perform stipend.lock_balance(p_organization_id);
  if v_since is not null then
    insert into stipend.consumption_feed default values on conflict do nothing;
  end if;
  if p_secret is null then
    update stipend.webhook_endpoints e
    set url = p_url, description = p_description, events = p_events, is_enabled = p_is_enabled,
      -- Charges made while it was not told of them stay untold.
      consumption_since = case when not p_is_enabled or v_since is null then null
        else coalesce(e.consumption_since, v_since) end,
      disabled_reason = case when p_is_enabled then null else coalesce(e.disabled_reason, 'by_admin') end,
      disabled_at = case when p_is_enabled then null else coalesce(e.disabled_at, clock_timestamp()) end,
      failing_since = case when p_is_enabled and (not e.is_enabled or e.url <> p_url) then null else e.failing_since end
    where e.organization_id = p_organization_id and e.id = p_id;
    if not found then
      perform stipend.refuse('not_found', jsonb_build_object('message', 'No such endpoint.', 'id', p_id));
    end if;
    return;
  end if;
  if (select count(*) from stipend.webhook_endpoints e where e.organization_id = p_organization_id) >= 20 then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'url',
      'rule', 'would be the organization''s 21st endpoint: delete one first'));
  end if;
  insert into stipend.webhook_endpoints (organization_id, id, url, description, events, consumption_since)
  values (p_organization_id, p_id, p_url, p_description, p_events, v_since);
  insert into stipend.webhook_secrets (organization_id, endpoint_id, id, secret)
  values (p_organization_id, p_id, gen_random_uuid(), p_secret);
end;
$$;

-- Changes an endpoint; NULL leaves as it is, but for description and events, which p_sets_… say. Enabled again, or led
-- elsewhere, its five days of failures begin anew.
create or replace function stipend.change_webhook_endpoint(
  p_organization_id text, p_id uuid, p_url text, p_sets_description boolean, p_description text, p_sets_events boolean,
  p_events text[], p_is_enabled boolean
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform stipend.lock_balance(p_organization_id);
  update stipend.webhook_endpoints e
  set url = coalesce(p_url, e.url),
    description = case when p_sets_description then p_description else e.description end,
    events = case when p_sets_events then p_events else e.events end,
    failing_since = case when e.url <> p_url or (p_is_enabled and not e.is_enabled) then null else e.failing_since end,
    is_enabled = coalesce(p_is_enabled, e.is_enabled),
    disabled_reason = case coalesce(p_is_enabled, e.is_enabled) when true then null
      else coalesce(e.disabled_reason, 'by_admin') end,
    disabled_at = case coalesce(p_is_enabled, e.is_enabled) when true then null
      else coalesce(e.disabled_at, clock_timestamp()) end
  where e.organization_id = p_organization_id and e.id = p_id;
  if not found then
    perform stipend.refuse('not_found', jsonb_build_object('message', 'No such endpoint.', 'id', p_id));
  end if;
  perform stipend.ask_for_consumption(p_organization_id, p_id);
end;
$$;

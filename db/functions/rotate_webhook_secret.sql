-- Replaces an endpoint's secret; until the answered moment deliveries are signed with the one before too.
-- One that was replaced before ends now.
create or replace function stipend.rotate_webhook_secret(
  p_organization_id text, p_endpoint_id uuid, p_secret text, p_overlap interval
) returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_expires_at  timestamptz := clock_timestamp() + p_overlap;
begin
  perform from stipend.webhook_endpoints e
  where e.organization_id = p_organization_id and e.id = p_endpoint_id for no key update;
  if not found then
    perform stipend.refuse('not_found', jsonb_build_object('message', 'No such endpoint.', 'id', p_endpoint_id));
  end if;
  delete from stipend.webhook_secrets s
  where s.organization_id = p_organization_id and s.endpoint_id = p_endpoint_id and s.expires_at is not null;
  update stipend.webhook_secrets s set expires_at = v_expires_at
  where s.organization_id = p_organization_id and s.endpoint_id = p_endpoint_id;
  insert into stipend.webhook_secrets (organization_id, endpoint_id, id, secret)
  values (p_organization_id, p_endpoint_id, gen_random_uuid(), p_secret);
  return v_expires_at;
end;
$$;

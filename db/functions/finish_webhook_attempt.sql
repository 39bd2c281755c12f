-- Writes an attempt to the log and says what comes next: delivered, due again after a while, or failed. p_status is
-- HTTP's, p_error the kind of failure, NULL: delivered. False: somebody else has taken the delivery.
-- An endpoint that is gone (410), or has done nothing but fail for five days, is disabled, with an event.
create or replace function stipend.finish_webhook_attempt(
  p_organization_id text, p_id uuid, p_lease uuid, p_at timestamptz, p_status integer, p_error text, p_ms integer
) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_endpoint  stipend.webhook_endpoints;
  v_delivery  stipend.webhook_deliveries;
  v_delay     interval;
  v_reason    text;
begin
  -- The endpoint before its delivery, as deleting one does.
  select e.* into v_endpoint from stipend.webhook_endpoints e
  where e.organization_id = p_organization_id
    and e.id = (select d.endpoint_id from stipend.webhook_deliveries d
                where d.organization_id = p_organization_id and d.id = p_id)
  for no key update;
  if not found then
    return false;
  end if;
  select * into v_delivery from stipend.webhook_deliveries d
  where d.organization_id = p_organization_id and d.id = p_id and d.lease = p_lease
  for update;
  if not found then
    return false;
  end if;

  if p_error is not null and p_status is distinct from 410 and v_delivery.type <> 'webhook.test' then
    v_delay := stipend.retry_delay(v_delivery.failures + 1);
  end if;
  insert into stipend.webhook_attempts (organization_id, delivery_id, number, attempted_at, status, error, ms)
  values (p_organization_id, p_id, v_delivery.attempts + 1, p_at, p_status, p_error, p_ms);
  update stipend.webhook_deliveries d
  set attempts = d.attempts + 1, failures = case when p_error is null then 0 else d.failures + 1 end,
    lease = null, leased_until = '-infinity',
    status = case when p_error is null then 'delivered' when v_delay is null then 'failed' else 'pending' end,
    finished_at = case when v_delay is null then clock_timestamp() end,
    next_attempt_at = clock_timestamp() + coalesce(v_delay, interval '0')
  where d.organization_id = p_organization_id and d.id = p_id;

  update stipend.webhook_endpoints e
  set last_attempt_at = p_at, last_status = p_status, last_error = p_error,
    last_success_at = case when p_error is null then p_at else e.last_success_at end,
    failing_since = case when p_error is null then null
      when v_delivery.type = 'webhook.test' then e.failing_since else coalesce(e.failing_since, p_at) end
  where e.organization_id = p_organization_id and e.id = v_endpoint.id
  returning * into v_endpoint;

  v_reason := case when not v_endpoint.is_enabled or p_error is null then null
    when p_status = 410 then 'gone'
    when v_endpoint.failing_since <= clock_timestamp() - interval '5 days' then 'failing' end;
  if v_reason is not null then
    update stipend.webhook_endpoints e
    set is_enabled = false, disabled_reason = v_reason, disabled_at = clock_timestamp(), consumption_since = null
    where e.organization_id = p_organization_id and e.id = v_endpoint.id;
    -- A path may hold a secret.
    perform stipend.emit_event(p_organization_id, 'webhook_endpoint.disabled', jsonb_build_object(
      'endpointId', v_endpoint.id, 'host', substring(v_endpoint.url from '^https?://([^/?#]+)'),
      'description', v_endpoint.description, 'reason', v_reason),
      stipend.organization_now(p_organization_id, '-infinity'));
  end if;
  return true;
end;
$$;

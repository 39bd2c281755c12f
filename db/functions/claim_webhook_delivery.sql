-- Gives out one delivery by hand, whatever its state, as claim_webhook_deliveries does; waiting begins anew after it.
create or replace function stipend.claim_webhook_delivery(p_organization_id text, p_endpoint_id uuid, p_id uuid)
returns table (
  organization_id text, id uuid, lease uuid, endpoint_id uuid, url text, secrets text[], event_id text, type text,
  payload jsonb, event_at timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_delivery  stipend.webhook_deliveries;
begin
  select * into v_delivery from stipend.webhook_deliveries d
  where d.organization_id = p_organization_id and d.endpoint_id = p_endpoint_id and d.id = p_id
  for update;
  if not found then
    perform stipend.refuse('not_found', jsonb_build_object('message', 'No such delivery.', 'id', p_id));
  elsif v_delivery.leased_until > clock_timestamp() then
    perform stipend.refuse('request_in_flight', jsonb_build_object('message', 'This delivery is under way.',
      'retryAfterMs', 10000));
  end if;
  return query
    update stipend.webhook_deliveries d
    set lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '1 minute', status = 'pending',
      finished_at = null, failures = 0, next_attempt_at = clock_timestamp()
    from stipend.webhook_endpoints e
    where d.organization_id = p_organization_id and d.id = p_id
      and e.organization_id = d.organization_id and e.id = d.endpoint_id
    returning d.organization_id, d.id, d.lease, d.endpoint_id, e.url,
      stipend.webhook_signing_secrets(d.organization_id, d.endpoint_id), d.event_id, d.type, d.payload, d.event_at;
end;
$$;

-- Gives out up to p_limit deliveries that are due, each to one sender for a minute, with what to sign them with. At most
-- p_per_endpoint of an endpoint are under way at a time, so that a slow one leaves room for the others.
create or replace function stipend.claim_webhook_deliveries(p_limit integer, p_per_endpoint integer)
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
  v_endpoint  record;
  v_left      integer := p_limit;
  v_taken     integer;
begin
  -- From one endpoint to the next by the index, no further than needed: each may have any number of deliveries.
  for v_endpoint in
    with recursive pending as (
      (select d.organization_id, d.endpoint_id from stipend.webhook_deliveries d
       where d.status = 'pending' order by 1, 2 limit 1)
      union all
      select n.organization_id, n.endpoint_id
      from pending p
      cross join lateral (
        select d.organization_id, d.endpoint_id from stipend.webhook_deliveries d
        where d.status = 'pending' and (d.organization_id, d.endpoint_id) > (p.organization_id, p.endpoint_id)
        order by 1, 2 limit 1
      ) n
    )
    select e.organization_id, e.id, e.url from pending p
    join stipend.webhook_endpoints e on e.organization_id = p.organization_id and e.id = p.endpoint_id
    where e.is_enabled
  loop
    exit when v_left <= 0;
    return query
      with due as (
        select d.organization_id, d.id from stipend.webhook_deliveries d
        where d.organization_id = v_endpoint.organization_id and d.endpoint_id = v_endpoint.id and d.status = 'pending'
          and d.next_attempt_at <= clock_timestamp() and d.leased_until <= clock_timestamp()
        order by d.next_attempt_at
        limit greatest(0, least(v_left, p_per_endpoint - (
          select count(*) from stipend.webhook_deliveries u
          where u.organization_id = v_endpoint.organization_id and u.endpoint_id = v_endpoint.id
            and u.lease is not null and u.leased_until > clock_timestamp())))
        for update skip locked
      )
      update stipend.webhook_deliveries d
      set lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '1 minute'
      from due
      where d.organization_id = due.organization_id and d.id = due.id
      returning d.organization_id, d.id, d.lease, d.endpoint_id, v_endpoint.url,
        stipend.webhook_signing_secrets(d.organization_id, d.endpoint_id), d.event_id, d.type, d.payload, d.event_at;
    get diagnostics v_taken = row_count;
    v_left := v_left - v_taken;
  end loop;
end;
$$;

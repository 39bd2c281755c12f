-- Gives out up to p_limit organizations after p_after (by id; '': from the first) that have events to deliver, each to
-- one worker for a minute at a time, so that an organization's events go out in order. With p_with_consumption all their
-- ledger rows count as events too, else those of organizations with a webhook endpoint that asks for them: since anybody
-- first asked. consumption_sequence NULL: of this organization they do not.
create or replace function stipend.claim_outbox(p_limit integer, p_after text, p_with_consumption boolean)
returns table (organization_id text, lease uuid, consumption_sequence bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_organization_id  text;
  v_since            timestamptz;
  v_left             integer := p_limit;
  v_asking           text[];             -- NULL: all organizations count
begin
  if not p_with_consumption then
    select coalesce(array_agg(distinct e.organization_id), '{}') into v_asking from stipend.webhook_endpoints e
    where e.is_enabled and e.consumption_since is not null;
  end if;
  if v_asking is distinct from '{}' then
    insert into stipend.consumption_feed default values on conflict do nothing;
    select f.since into strict v_since from stipend.consumption_feed f;
  end if;

  -- From one organization to the next by the index, no further than needed: each may have any number of events.
  for v_organization_id in
    with recursive pending as (
      (select e.organization_id from stipend.outbox_events e
       where e.delivered_at is null and e.organization_id > p_after order by 1 limit 1)
      union all
      select (select e.organization_id from stipend.outbox_events e
              where e.delivered_at is null and e.organization_id > p.organization_id order by 1 limit 1)
      from pending p where p.organization_id is not null
    )
    select p.organization_id from pending p where p.organization_id is not null
  loop
    exit when v_left = 0;
    return query select * from stipend.lease_outbox(v_organization_id,
      case when v_asking is null then v_since
        when v_organization_id = any(v_asking) then stipend.consumption_asked_at(v_organization_id) end);
    v_left := v_left - found::integer;
  end loop;

  if v_asking is distinct from '{}' then
    for v_organization_id in
      select b.organization_id from stipend.organization_credit_balances b
      left join stipend.outbox_cursors c on c.organization_id = b.organization_id
      where b.organization_id > p_after and b.ledger_at >= v_since
        and (v_asking is null or b.organization_id = any(v_asking))
        and b.ledger_sequence > coalesce(c.consumption_sequence, 0)
      order by b.organization_id
    loop
      exit when v_left = 0;
      return query select * from stipend.lease_outbox(v_organization_id,
        case when v_asking is null then v_since else stipend.consumption_asked_at(v_organization_id) end);
      v_left := v_left - found::integer;
    end loop;
  end if;
end;
$$;

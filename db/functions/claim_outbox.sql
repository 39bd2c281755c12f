-- Gives out up to p_limit organizations that have events to deliver, each to one worker for a minute at a time, so
-- that an organization's events go out in order. With p_with_consumption their ledger rows count as events too:
-- those since anybody first asked.
create or replace function stipend.claim_outbox(p_limit integer, p_with_consumption boolean)
returns table (organization_id text, lease uuid, consumption_sequence bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_since  timestamptz;
begin
  -- From one organization to the next by the index: each may have any number of events.
  with recursive pending as (
    (select e.organization_id from stipend.outbox_events e where e.delivered_at is null order by 1 limit 1)
    union all
    select (select e.organization_id from stipend.outbox_events e
            where e.delivered_at is null and e.organization_id > p.organization_id order by 1 limit 1)
    from pending p where p.organization_id is not null
  )
  insert into stipend.outbox_cursors (organization_id)
  select p.organization_id from pending p where p.organization_id is not null
    and not exists (select from stipend.outbox_cursors c where c.organization_id = p.organization_id)
  on conflict do nothing;

  if p_with_consumption then
    insert into stipend.consumption_feed default values on conflict do nothing;
    select f.since into strict v_since from stipend.consumption_feed f;
    insert into stipend.outbox_cursors (organization_id)
    select b.organization_id from stipend.organization_credit_balances b
    where b.ledger_at >= v_since
      and not exists (select from stipend.outbox_cursors c where c.organization_id = b.organization_id)
    on conflict do nothing;
  end if;

  return query
    update stipend.outbox_cursors c
    set lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '1 minute',
      consumption_sequence = case when p_with_consumption
        then coalesce(c.consumption_sequence, stipend.sequence_at(c.organization_id, v_since) - 1)
        else c.consumption_sequence end
    from (
      select x.organization_id from stipend.outbox_cursors x
      where x.next_attempt_at <= clock_timestamp() and x.leased_until <= clock_timestamp()
        and (
          exists (select from stipend.outbox_events e where e.organization_id = x.organization_id and e.delivered_at is null)
          or p_with_consumption and exists (
            select from stipend.organization_credit_balances b where b.organization_id = x.organization_id
              and b.ledger_at >= v_since and b.ledger_sequence > coalesce(x.consumption_sequence, 0)))
      order by x.next_attempt_at
      limit p_limit
      for update of x skip locked
    ) due
    where c.organization_id = due.organization_id
    returning c.organization_id, c.lease, c.consumption_sequence;
end;
$$;

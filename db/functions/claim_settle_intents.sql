-- Gives out up to p_limit intents that are due; nobody else gets them for the next minute.
create or replace function stipend.claim_settle_intents(p_limit integer)
returns table (organization_id text, reservation_id uuid, input jsonb, attempts integer)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.settle_intents i
  set attempts = i.attempts + 1, next_attempt_at = clock_timestamp() + interval '1 minute'
  from (
    select x.organization_id, x.reservation_id from stipend.settle_intents x
    where x.next_attempt_at <= clock_timestamp()
    order by x.next_attempt_at
    limit p_limit
    for update skip locked
  ) due
  where i.organization_id = due.organization_id and i.reservation_id = due.reservation_id
  returning i.organization_id, i.reservation_id, i.input, i.attempts;
$$;

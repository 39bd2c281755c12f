-- Tries an intent again later: after 2, 4, 8 … seconds, at most 10 minutes.
create or replace function stipend.put_off_settle_intent(p_organization_id text, p_reservation_id uuid, p_error text)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.settle_intents i
  set last_error = p_error,
      next_attempt_at = clock_timestamp() + least(power(2, least(i.attempts, 20)), 600) * interval '1 second'
  where i.organization_id = p_organization_id and i.reservation_id = p_reservation_id;
$$;

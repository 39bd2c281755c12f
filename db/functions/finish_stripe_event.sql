-- Gives an event back: handled (p_outcome applied or ignored), or failed (p_error), to be taken again when it comes again.
create or replace function stipend.finish_stripe_event(p_id text, p_outcome text, p_error text) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.stripe_events e
  set outcome = p_outcome, error = p_error, leased_until = '-infinity',
      finished_at = case when p_outcome is not null then clock_timestamp() end
  where e.id = p_id and e.outcome is null;
$$;

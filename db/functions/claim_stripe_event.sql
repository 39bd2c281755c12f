-- Takes an event of Stripe's for a minute: 'ours', 'busy' (somebody else has it), or 'done' (it was handled before).
create or replace function stipend.claim_stripe_event(p_id text, p_type text) returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_outcome  text;
begin
  insert into stipend.stripe_events as e (id, type, leased_until)
  values (p_id, p_type, clock_timestamp() + interval '1 minute')
  on conflict (id) do update
  set attempts = e.attempts + 1, leased_until = excluded.leased_until
  where e.outcome is null and e.leased_until <= clock_timestamp();
  if found then
    return 'ours';
  end if;
  select e.outcome into v_outcome from stipend.stripe_events e where e.id = p_id;
  return case when v_outcome is null then 'busy' else 'done' end;
end;
$$;

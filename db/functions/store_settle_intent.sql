-- Keeps a settle that could not be posted. Takes no lock: an organization that is locked is why it comes here.
-- A second one for the same reservation changes nothing.
create or replace function stipend.store_settle_intent(p_organization_id text, p_reservation_id uuid, p_input jsonb)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into stipend.settle_intents (organization_id, reservation_id, input)
  values (p_organization_id, p_reservation_id, p_input)
  on conflict do nothing;
$$;

-- internal
-- Adds an event to the outbox, in the caller's transaction.
create or replace function stipend.emit_event(p_organization_id text, p_type text, p_payload jsonb, p_at timestamptz)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into stipend.outbox_events (organization_id, type, payload, created_at)
  values (p_organization_id, p_type, p_payload, p_at);
$$;

-- host
-- Adds an event of the host's own to the outbox, in the caller's transaction. Its type is `thing.what_happened`; the
-- things of Stipend's own events are not the host's to report. In a transaction that acts for an organization, for that
-- one alone.
create or replace function stipend.emit_host_event(p_organization_id text, p_type text, p_payload jsonb)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
begin
  if p_type !~ '^[a-z][a-z0-9_]{0,40}(\.[a-z][a-z0-9_]{0,40})+$' then
    perform stipend.refuse('invalid_request',
      jsonb_build_object('field', 'type', 'rule', 'must be of the form thing.what_happened'));
  elsif split_part(p_type, '.', 1) in ('credits', 'plan', 'reservation', 'topup', 'auto_topup', 'payment', 'reconciliation',
    'budget', 'subscription', 'party', 'webhook', 'webhook_endpoint') then
    perform stipend.refuse('invalid_request',
      jsonb_build_object('field', 'type', 'rule', 'must not be one of Stipend''s own events'));
  elsif jsonb_typeof(p_payload) is distinct from 'object' or octet_length(p_payload::text) > 8192 then
    perform stipend.refuse('invalid_request',
      jsonb_build_object('field', 'payload', 'rule', 'must be an object of at most 8 KiB'));
  end if;
  if nullif(current_setting('stipend.organization_id', true), '') <> p_organization_id then
    perform stipend.refuse('organization_not_found', jsonb_build_object('organizationId', p_organization_id));
  end if;
  v_balance := stipend.lock_balance(p_organization_id);
  perform stipend.emit_event(p_organization_id, p_type, p_payload,
    stipend.organization_now(p_organization_id, v_balance.ledger_at));
end;
$$;

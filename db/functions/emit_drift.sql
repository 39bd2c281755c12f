-- Notes in the outbox that an organization's payments differ from what Stripe says: findings as JSON.
create or replace function stipend.emit_drift(p_organization_id text, p_findings jsonb) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  perform stipend.emit_event(p_organization_id, 'reconciliation.drift', jsonb_build_object('findings', p_findings),
    stipend.organization_now(p_organization_id, v_balance.ledger_at));
end;
$$;

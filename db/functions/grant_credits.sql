-- Grants bonus credits, once per source, for ever: asked again with the same type and credits, the first
-- ledger row is the answer; with others, idempotency_mismatch. p_type: topup, promo, referral, welcome, admin, refund.
create or replace function stipend.grant_credits(
  p_organization_id text, p_type text, p_credits numeric, p_source_id text,
  p_priority integer, p_expires_at timestamptz, p_reason text, p_payment_metadata jsonb,
  p_actor_type text, p_actor_id text,
  out is_replay boolean, out transaction stipend.credit_transactions
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_type  constant text := case p_type
    when 'topup' then 'topup_purchase' when 'promo' then 'promo_bonus' when 'referral' then 'referral_bonus'
    when 'welcome' then 'welcome_bonus' when 'admin' then 'admin_adjustment' when 'refund' then 'refund' end;
  v_row   stipend.credit_transactions;
begin
  perform stipend.lock_balance(p_organization_id);
  transaction := stipend.posted_for_source(p_organization_id, p_source_id, v_type, p_credits);
  is_replay := transaction.sequence is not null;
  if is_replay then
    return;
  end if;
  if p_expires_at <= (select stipend.organization_now(b.organization_id, b.ledger_at)
                      from stipend.organization_credit_balances b where b.organization_id = p_organization_id) then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'expiresAt', 'value', stipend.utc_text(p_expires_at),
      'rule', 'must lie in the future'));
  end if;
  v_row.organization_id := p_organization_id;
  v_row.type := v_type;
  v_row.source_id := p_source_id;
  v_row.reason := p_reason;
  v_row.payment_metadata := p_payment_metadata;
  v_row.actor_type := p_actor_type;
  v_row.actor_id := p_actor_id;
  transaction := stipend.add_grant(v_row, p_type, p_credits, p_priority, p_expires_at);
  if p_type = 'topup' then
    perform stipend.emit_event(p_organization_id, 'credits.topup_purchased',
      jsonb_build_object('credits', p_credits, 'sequence', transaction.sequence), transaction.created_at);
  end if;
end;
$$;

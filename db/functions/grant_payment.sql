-- internal
-- The grant of a purchase that is paid. The caller holds the lock.
create or replace function stipend.grant_payment(p_payment stipend.payments) returns stipend.credit_transactions
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row  stipend.credit_transactions;
begin
  v_row.organization_id := p_payment.organization_id;
  v_row.type := 'topup_purchase';
  v_row.source_id := '#payment:' || p_payment.id;
  v_row.actor_type := p_payment.actor_type;
  v_row.actor_id := p_payment.actor_id;
  v_row.payment_metadata := jsonb_build_object('paymentId', p_payment.id, 'kind', p_payment.kind,
    'package', p_payment.topup_package, 'amountCents', p_payment.amount_cents, 'currency', p_payment.currency);
  v_row := stipend.add_grant(v_row, 'topup', p_payment.credits, 100, null);
  perform stipend.emit_event(p_payment.organization_id, 'credits.topup_purchased', jsonb_build_object(
    'credits', p_payment.credits, 'sequence', v_row.sequence, 'paymentId', p_payment.id, 'kind', p_payment.kind,
    'amountCents', p_payment.amount_cents, 'currency', p_payment.currency), v_row.created_at);
  return v_row;
end;
$$;

-- internal
-- Takes credits of a refunded or disputed purchase back: from its own grant, then in spend order, then as debt.
-- The caller holds the lock.
create or replace function stipend.claw_back(p_payment stipend.payments, p_credits numeric) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grant  stipend.credit_grants;
  v_own    numeric := 0;
  v_row    stipend.credit_transactions;
begin
  select * into v_grant from stipend.credit_grants g
  where g.organization_id = p_payment.organization_id and g.sequence = p_payment.sequence and g.is_live;
  if v_grant.id is not null then
    v_own := least(v_grant.remaining, p_credits);
    perform stipend.draw_grants(p_payment.organization_id, array[v_grant.id], array[v_own]);
  end if;
  v_row.organization_id := p_payment.organization_id;
  v_row.type := 'topup_clawback';
  select x.monthly_amount, x.bonus_amount - v_own, x.debt_amount
  into v_row.monthly_amount, v_row.bonus_amount, v_row.debt_amount
  from stipend.draw_credits(p_payment.organization_id, p_credits - v_own) x;
  v_row.source_id := format('#clawback:%s:%s', p_payment.id, p_payment.clawback_moves);
  v_row.payment_metadata := jsonb_build_object('paymentId', p_payment.id, 'refundedCents', p_payment.refunded_cents,
    'disputedCents', p_payment.disputed_cents, 'amountCents', p_payment.amount_cents, 'currency', p_payment.currency);
  v_row := stipend.post_transaction(v_row);
  perform stipend.emit_event(p_payment.organization_id, 'topup.clawed_back', jsonb_build_object(
    'paymentId', p_payment.id, 'credits', p_credits, 'sequence', v_row.sequence,
    'refundedCents', p_payment.refunded_cents, 'disputedCents', p_payment.disputed_cents), v_row.created_at);
end;
$$;

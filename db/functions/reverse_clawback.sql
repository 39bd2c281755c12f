-- internal
-- Gives back what was taken for a dispute that is won or a refund that failed: debt first, then the same grant, which
-- gets 30 days more if it has expired. The caller holds the lock.
create or replace function stipend.reverse_clawback(p_payment stipend.payments, p_credits numeric) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grant  stipend.credit_grants;
  v_row    stipend.credit_transactions;
  v_back   numeric;     -- into the same grant
  v_more   numeric;     -- what it has no room for, since a late settle gave credits back to it
begin
  v_row.organization_id := p_payment.organization_id;
  v_row.type := 'clawback_reversal';
  select least(b.debt, p_credits) into strict v_row.debt_amount
  from stipend.organization_credit_balances b where b.organization_id = p_payment.organization_id;
  v_row.monthly_amount := 0;
  v_row.bonus_amount := p_credits - v_row.debt_amount;
  v_row.source_id := format('#clawback:%s:%s', p_payment.id, p_payment.clawback_moves);
  v_row.payment_metadata := jsonb_build_object('paymentId', p_payment.id, 'refundedCents', p_payment.refunded_cents,
    'disputedCents', p_payment.disputed_cents, 'amountCents', p_payment.amount_cents, 'currency', p_payment.currency);
  v_row := stipend.post_transaction(v_row);

  select * into strict v_grant from stipend.credit_grants g
  where g.organization_id = p_payment.organization_id and g.sequence = p_payment.sequence;
  v_back := least(v_row.bonus_amount, v_grant.credits - v_grant.remaining);
  v_more := v_row.bonus_amount - v_back;
  update stipend.credit_grants g
  set remaining = g.remaining + v_back, is_live = g.remaining + v_back > 0,
      expires_at = case when g.expires_at <= v_row.created_at then v_row.created_at + interval '30 days' else g.expires_at end
  where g.organization_id = v_grant.organization_id and g.id = v_grant.id and v_back > 0
  returning * into v_grant;
  if v_more > 0 then
    insert into stipend.credit_grants (
      organization_id, id, type, credits, remaining, is_live, priority, expires_at, sequence, created_at)
    values (
      v_row.organization_id, gen_random_uuid(), 'refund', v_more, v_more, true, 100, null, v_row.sequence, v_row.created_at);
  end if;
  update stipend.organization_credit_balances b set next_due_at = least(b.next_due_at, v_grant.expires_at)
  where b.organization_id = v_row.organization_id and b.next_due_at > v_grant.expires_at;
  perform stipend.emit_event(p_payment.organization_id, 'topup.reinstated', jsonb_build_object(
    'paymentId', p_payment.id, 'credits', p_credits, 'sequence', v_row.sequence), v_row.created_at);
end;
$$;

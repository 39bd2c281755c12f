-- Makes a purchase what Stripe says of it. Paid: its credits are granted, once, if amount, currency and package are those
-- that were bound; else it is a mismatch and the operators hear of it. Of what is refunded or disputed,
-- floor(credits × (refunded + disputed) / paid) is taken back; less than was taken comes back. Outcome: applied,
-- unchanged, stale (a newer reading has been applied), mismatch, unknown.
create or replace function stipend.sync_payment(
  p_organization_id text, p_id uuid, p_sync bigint, p_status text, p_topup_package text,
  p_amount_cents integer, p_currency text, p_refunded_cents integer, p_disputed_cents integer,
  p_session_id text, p_payment_intent_id text, p_failure_code text, p_receipt_url text,
  out outcome text, out payment stipend.payments
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance   stipend.organization_credit_balances;
  v_now       timestamptz;
  v_before    stipend.payments;
  v_mismatch  text;
  v_due       numeric;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  v_now := stipend.organization_now(p_organization_id, v_balance.ledger_at);
  select * into payment from stipend.payments p where p.organization_id = p_organization_id and p.id = p_id;
  if payment.id is null then
    outcome := 'unknown';
    return;
  end if;
  if not stipend.apply_stripe_sync(p_organization_id, p_id::text, p_sync) then
    outcome := 'stale';
    return;
  end if;
  v_before := payment;

  v_mismatch := case
    when p_topup_package is distinct from payment.topup_package then 'package'
    when p_currency <> payment.currency then 'currency'
    when p_status = 'paid' and p_amount_cents <> payment.amount_cents then 'amount'
    when p_payment_intent_id <> payment.stripe_payment_intent_id then 'payment_intent' end;
  if v_mismatch is not null then
    if payment.status not in ('paid', 'mismatch') then
      update stipend.payments p set status = 'mismatch', failure_code = v_mismatch
      where p.organization_id = p_organization_id and p.id = p_id;
      perform stipend.emit_event(p_organization_id, 'payment.mismatch', jsonb_build_object('paymentId', p_id,
        'field', v_mismatch, 'expectedCents', payment.amount_cents, 'actualCents', p_amount_cents,
        'currency', p_currency), v_now);
    end if;
    outcome := 'mismatch';
    return;
  end if;

  if p_status = 'paid' and payment.status <> 'paid' then
    payment.sequence := (stipend.grant_payment(payment)).sequence;
    payment.status := 'paid';
    payment.paid_at := v_now;
    payment.failure_code := null;
  elsif payment.status <> 'paid' then
    if p_status = 'failed' and payment.status <> 'failed' then
      perform stipend.emit_event(p_organization_id, 'payment.failed', jsonb_build_object('kind', payment.kind,
        'paymentId', p_id, 'amountCents', payment.amount_cents, 'currency', payment.currency, 'code', p_failure_code), v_now);
    end if;
    payment.status := p_status;
    payment.failure_code := p_failure_code;
  end if;
  payment.stripe_session_id := coalesce(payment.stripe_session_id, p_session_id);
  payment.stripe_payment_intent_id := coalesce(payment.stripe_payment_intent_id, p_payment_intent_id);
  payment.receipt_url := coalesce(p_receipt_url, payment.receipt_url);
  payment.refunded_cents := p_refunded_cents;
  payment.disputed_cents := p_disputed_cents;
  if payment.status = 'paid' then
    v_due := least(payment.credits,
      floor(payment.credits * (p_refunded_cents + p_disputed_cents) / payment.amount_cents));
    if v_due <> payment.clawed_back_credits then
      payment.clawback_moves := payment.clawback_moves + 1;
      if v_due > payment.clawed_back_credits then
        perform stipend.claw_back(payment, v_due - payment.clawed_back_credits);
      else
        perform stipend.reverse_clawback(payment, payment.clawed_back_credits - v_due);
      end if;
      payment.clawed_back_credits := v_due;
    end if;
  end if;
  outcome := case when payment = v_before then 'unchanged' else 'applied' end;
  update stipend.payments p
  set status = payment.status, stripe_session_id = payment.stripe_session_id,
      stripe_payment_intent_id = payment.stripe_payment_intent_id, refunded_cents = payment.refunded_cents,
      disputed_cents = payment.disputed_cents, clawed_back_credits = payment.clawed_back_credits,
      clawback_moves = payment.clawback_moves, sequence = payment.sequence, failure_code = payment.failure_code,
      receipt_url = payment.receipt_url, paid_at = payment.paid_at
  where p.organization_id = p_organization_id and p.id = p_id and outcome = 'applied';
  perform stipend.note_auto_topup(v_before, payment, v_now);
end;
$$;

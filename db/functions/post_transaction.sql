-- internal
-- Appends one ledger row and moves the balance row with it. The caller holds the lock, has filled type,
-- parts, texts and effective_at, and keeps the grants. (settle_credits posts many rows at once.)
create or replace function stipend.post_transaction(p_row stipend.credit_transactions)
returns stipend.credit_transactions
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
begin
  select * into strict v_balance
  from stipend.organization_credit_balances b where b.organization_id = p_row.organization_id;

  p_row.amount := p_row.monthly_amount + p_row.bonus_amount + p_row.debt_amount;
  p_row.covered_amount := coalesce(p_row.covered_amount, 0);
  p_row.uncharged_credits := coalesce(p_row.uncharged_credits, 0);
  p_row.flags := coalesce(p_row.flags, '{}');
  p_row.sequence := v_balance.ledger_sequence + 1;
  p_row.balance_after := v_balance.monthly_left + v_balance.bonus - v_balance.debt + p_row.amount;
  p_row.created_at := stipend.organization_now(p_row.organization_id, v_balance.ledger_at);
  if p_row.reservation_id is not null then
    -- What became due since the lock was taken is the next one's to write: this call belongs before it.
    p_row.created_at := greatest(least(p_row.created_at, v_balance.next_due_at - interval '1 microsecond'), v_balance.ledger_at);
  end if;
  p_row.effective_at := coalesce(p_row.effective_at, p_row.created_at);
  p_row.hash := stipend.transaction_hash(p_row, v_balance.ledger_hash);

  insert into stipend.credit_transactions (
    organization_id, sequence, type, amount, monthly_amount, bonus_amount, debt_amount, covered_amount,
    balance_after, reservation_id, plan, capability, quality, model, estimated_credits, uncharged_credits,
    cost_usd, flags, actor_type, actor_id, actor_digest, subject_type, subject_id, subject_digest, form_id,
    source_id, reason, provider_metadata, payment_metadata, effective_at, created_at, hash)
  values (
    p_row.organization_id, p_row.sequence, p_row.type, p_row.amount, p_row.monthly_amount, p_row.bonus_amount,
    p_row.debt_amount, p_row.covered_amount, p_row.balance_after, p_row.reservation_id, p_row.plan,
    p_row.capability, p_row.quality, p_row.model, p_row.estimated_credits, p_row.uncharged_credits,
    p_row.cost_usd, p_row.flags, p_row.actor_type, p_row.actor_id, p_row.actor_digest, p_row.subject_type,
    p_row.subject_id, p_row.subject_digest, p_row.form_id, p_row.source_id, p_row.reason,
    p_row.provider_metadata, p_row.payment_metadata, p_row.effective_at, p_row.created_at, p_row.hash);

  update stipend.organization_credit_balances b
  set monthly_left = b.monthly_left + p_row.monthly_amount,
      bonus = b.bonus + p_row.bonus_amount,
      debt = b.debt - p_row.debt_amount,
      ledger_sequence = p_row.sequence,
      ledger_hash = p_row.hash,
      ledger_at = p_row.created_at
  where b.organization_id = p_row.organization_id;

  if p_row.source_id is not null then
    insert into stipend.credit_sources (organization_id, source_id, type, credits, sequence)
    values (p_row.organization_id, p_row.source_id, p_row.type, p_row.amount, p_row.sequence);
  end if;

  if p_row.amount < 0 then
    perform stipend.emit_balance_events(
      p_row.organization_id, v_balance.monthly_allocation, v_balance.low_balance_percent,
      p_row.balance_after - p_row.amount, p_row.balance_after, p_row.created_at);
  end if;
  return p_row;
end;
$$;

-- An operator's correction with a reason, once per source. Positive: a grant that does not expire.
-- Negative: taken in spend order; what no pool has becomes debt.
create or replace function stipend.adjust_credits(
  p_organization_id text, p_credits numeric, p_reason text, p_source_id text, p_actor_type text, p_actor_id text,
  out is_replay boolean, out transaction stipend.credit_transactions
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row  stipend.credit_transactions;
begin
  perform stipend.lock_balance(p_organization_id);
  transaction := stipend.posted_for_source(p_organization_id, p_source_id, 'admin_adjustment', p_credits);
  is_replay := transaction.sequence is not null;
  if is_replay then
    return;
  end if;
  v_row.organization_id := p_organization_id;
  v_row.type := 'admin_adjustment';
  v_row.source_id := p_source_id;
  v_row.reason := p_reason;
  v_row.actor_type := p_actor_type;
  v_row.actor_id := p_actor_id;
  if p_credits > 0 then
    transaction := stipend.add_grant(v_row, 'admin', p_credits, 100, null);
  else
    select x.monthly_amount, x.bonus_amount, x.debt_amount
    into v_row.monthly_amount, v_row.bonus_amount, v_row.debt_amount
    from stipend.draw_credits(p_organization_id, -p_credits) x;
    transaction := stipend.post_transaction(v_row);
  end if;
end;
$$;

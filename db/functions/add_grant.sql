-- internal
-- Adds bonus credits with their ledger row: debt is repaid first, the rest becomes a grant.
create or replace function stipend.add_grant(
  p_row stipend.credit_transactions, p_grant_type text, p_credits numeric, p_priority integer, p_expires_at timestamptz
) returns stipend.credit_transactions
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row  stipend.credit_transactions := p_row;
begin
  select least(b.debt, p_credits) into strict v_row.debt_amount
  from stipend.organization_credit_balances b where b.organization_id = p_row.organization_id;
  v_row.monthly_amount := 0;
  v_row.bonus_amount := p_credits - v_row.debt_amount;
  v_row := stipend.post_transaction(v_row);

  insert into stipend.credit_grants (
    organization_id, id, type, credits, remaining, is_live, priority, expires_at, sequence, created_at)
  values (
    v_row.organization_id, gen_random_uuid(), p_grant_type, p_credits, v_row.bonus_amount, v_row.bonus_amount > 0,
    p_priority, p_expires_at, v_row.sequence, v_row.created_at);
  update stipend.organization_credit_balances b set next_due_at = least(b.next_due_at, p_expires_at)
  where b.organization_id = v_row.organization_id and b.next_due_at > p_expires_at;
  return v_row;
end;
$$;

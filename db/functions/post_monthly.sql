-- internal
-- Adds credits to the monthly pool, debt first.
create or replace function stipend.post_monthly(
  p_organization_id text, p_type text, p_credits numeric, p_source_id text, p_plan text, p_at timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row  stipend.credit_transactions;
begin
  v_row.organization_id := p_organization_id;
  v_row.type := p_type;
  select least(b.debt, p_credits) into v_row.debt_amount
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  v_row.monthly_amount := p_credits - v_row.debt_amount;
  v_row.bonus_amount := 0;
  v_row.plan := p_plan;
  v_row.source_id := p_source_id;
  v_row.effective_at := p_at;
  v_row := stipend.post_transaction(v_row);
  perform stipend.emit_event(p_organization_id, 'credits.allocated',
    jsonb_build_object('credits', p_credits, 'plan', p_plan, 'sequence', v_row.sequence), v_row.created_at);
end;
$$;

-- internal
-- Takes back what is left of the monthly credits.
create or replace function stipend.lapse_monthly(p_organization_id text, p_at timestamptz, p_source_id text)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row  stipend.credit_transactions;
begin
  v_row.organization_id := p_organization_id;
  v_row.type := 'credit_expiry';
  select -b.monthly_left, 0, 0 into v_row.monthly_amount, v_row.bonus_amount, v_row.debt_amount
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  if v_row.monthly_amount = 0 then
    return;
  end if;
  v_row.source_id := '#lapse:' || p_source_id;
  v_row.effective_at := p_at;
  perform stipend.post_transaction(v_row);
end;
$$;

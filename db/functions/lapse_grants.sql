-- internal
-- Takes back what is left of grants that expire at or before p_at, a ledger row each.
create or replace function stipend.lapse_grants(p_organization_id text, p_at timestamptz) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_grant  stipend.credit_grants;
  v_row    stipend.credit_transactions;
begin
  for v_grant in
    select * from stipend.credit_grants g
    where g.organization_id = p_organization_id and g.is_live and g.expires_at <= p_at
    order by g.expires_at, g.created_at, g.id
  loop
    v_row := null;
    v_row.organization_id := p_organization_id;
    v_row.type := 'credit_expiry';
    v_row.monthly_amount := 0;
    v_row.bonus_amount := -v_grant.remaining;
    v_row.debt_amount := 0;
    v_row.reason := format('grant %s expired', v_grant.id);
    v_row.effective_at := v_grant.expires_at;
    perform stipend.post_transaction(v_row);
    update stipend.credit_grants g set remaining = 0, is_live = false
    where g.organization_id = p_organization_id and g.id = v_grant.id;
  end loop;
end;
$$;

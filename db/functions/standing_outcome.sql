-- internal
-- How a reservation stands: its hold while open, its charge once ended. All NULL for an unknown id.
create or replace function stipend.standing_outcome(
  p_organization_id text, p_id uuid, p_request integer, p_is_replay boolean
) returns stipend.outcome
language plpgsql stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_out  stipend.outcome;
begin
  select p_request, null, null, r.id, r.status, p_is_replay,
    r.estimated_credits, r.maximum_credits, r.charged_credits, t.uncharged_credits,
    -t.monthly_amount, -t.bonus_amount, -t.debt_amount, t.covered_amount, r.sequence,
    coalesce(t.balance_after, b.monthly_left + b.bonus - b.debt),
    case when not o.is_unlimited then b.monthly_left + b.bonus - b.debt - b.reserved end,
    (extract(epoch from r.expires_at) * 1000)::bigint, r.offer_id
  into v_out
  from stipend.credit_reservations r
  join stipend.catalog_offers o on o.id = r.offer_id
  join stipend.organization_credit_balances b on b.organization_id = r.organization_id
  left join stipend.credit_transactions t on t.organization_id = r.organization_id and t.sequence = r.sequence
  where r.organization_id = p_organization_id and r.id = p_id;
  return v_out;
end;
$$;

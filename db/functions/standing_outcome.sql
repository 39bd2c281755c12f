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
    -t.monthly_amount - coalesce(p.monthly_amount, 0), -t.bonus_amount - coalesce(p.bonus_amount, 0),
    -t.debt_amount - coalesce(p.debt_amount, 0), t.covered_amount + coalesce(p.covered_amount, 0), r.sequence,
    coalesce(t.balance_after, b.monthly_left + b.bonus - b.debt),
    case when not o.is_unlimited then b.monthly_left + b.bonus - b.debt - b.reserved end,
    (extract(epoch from r.expires_at) * 1000)::bigint, r.offer_id
  into v_out
  from stipend.credit_reservations r
  join stipend.catalog_offers o on o.id = r.offer_id
  join stipend.organization_credit_balances b on b.organization_id = r.organization_id
  left join stipend.credit_transactions t on t.organization_id = r.organization_id and t.sequence = r.sequence
  -- A late settle's first row: the provisional charge, written when the hold expired.
  left join lateral (
    select x.monthly_amount, x.bonus_amount, x.debt_amount, x.covered_amount from stipend.credit_transactions x
    where x.organization_id = r.organization_id and x.reservation_id = r.id and x.sequence < t.sequence
      and x.sequence >= case when t.flags @> '{late}' then stipend.sequence_at(r.organization_id, r.ended_at) end
      and x.sequence < case when t.flags @> '{late}'
        then stipend.sequence_at(r.organization_id, r.ended_at + interval '1 microsecond') end
    limit 1
  ) p on true
  where r.organization_id = p_organization_id and r.id = p_id;
  return v_out;
end;
$$;

-- internal
-- A released call counts nowhere: its place in the rate windows (while they stand), its customer uses and
-- what budgets held for it are given back.
create or replace function stipend.give_back_limits(p_hold stipend.credit_reservations, p_now timestamptz) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_offer  stipend.catalog_offers;
  v_ms     bigint := (extract(epoch from p_hold.created_at) * 1000)::bigint;
begin
  select * into strict v_offer from stipend.catalog_offers f where f.id = p_hold.offer_id;
  if v_offer.rate_limit_rpm is not null or v_offer.rate_limit_rph is not null or v_offer.rate_limit_rpd is not null then
    update stipend.rate_windows w
    set minute_count = greatest(w.minute_count - (w.minute_bucket = v_ms / 60000)::integer, 0),
        minute_previous = greatest(w.minute_previous - (w.minute_bucket - 1 = v_ms / 60000)::integer, 0),
        hour_count = greatest(w.hour_count - (w.hour_bucket = v_ms / 3600000)::integer, 0),
        hour_previous = greatest(w.hour_previous - (w.hour_bucket - 1 = v_ms / 3600000)::integer, 0),
        day_count = greatest(w.day_count - (w.day_bucket = v_ms / 86400000)::integer, 0),
        day_previous = greatest(w.day_previous - (w.day_bucket - 1 = v_ms / 86400000)::integer, 0)
    where w.organization_id = p_hold.organization_id and w.capability = v_offer.capability;
  end if;

  delete from stipend.customer_uses c
  where c.organization_id = p_hold.organization_id and c.reservation_id = p_hold.id;

  if p_hold.budget_ids is not null then
    update stipend.budget_windows w set held = w.held - p_hold.estimated_credits
    from unnest(p_hold.budget_ids, p_hold.budget_windows) u(budget_id, window_start)
    where w.organization_id = p_hold.organization_id and w.budget_id = u.budget_id and w.window_start = u.window_start;
  end if;
end;
$$;

-- internal
-- Milliseconds until the first of an organization's open holds has to end, by its lease: 1 s to 1 h. With a budget,
-- the first that the budget counts. Looks at the leases that end soonest; where all of those have ended, at the last.
create or replace function stipend.open_hold_wait(p_organization_id text, p_budget_id uuid) returns bigint
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select least(greatest((extract(epoch from coalesce(
      min(h.expires_at) filter (where h.status = 'open' and (p_budget_id is null or p_budget_id = any(h.budget_ids))),
      max(h.expires_at), n.now) - n.now) * 1000)::bigint, 1000), 3600000)
  from (
    select stipend.organization_now(b.organization_id, b.ledger_at) as now
    from stipend.organization_credit_balances b where b.organization_id = p_organization_id
  ) n
  left join lateral (
    select r.expires_at, r.status, r.budget_ids from stipend.credit_reservations r
    where hashtext(r.organization_id) = hashtext(p_organization_id) and r.organization_id = p_organization_id
      and r.expires_at >= n.now
    order by r.expires_at
    limit 500
  ) h on true
  group by n.now;
$$;

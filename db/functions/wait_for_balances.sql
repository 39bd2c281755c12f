-- internal
-- Takes the balance rows of the given organizations (sorted, distinct), waiting up to 2 s for each.
-- Sorted order, so that two callers who wait cannot deadlock.
create or replace function stipend.wait_for_balances(p_organizations text[]) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('lock_timeout', '2s', true);
  perform from unnest(p_organizations) with ordinality o(organization_id, position)
    join stipend.organization_credit_balances b on b.organization_id = o.organization_id
    order by o.position
    for update of b;
end;
$$;

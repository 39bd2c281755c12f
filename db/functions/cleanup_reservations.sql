-- The sweeper: ends up to p_limit holds whose lease ran out, organization by organization.
-- Answers how many; call again until 0.
create or replace function stipend.cleanup_reservations(p_limit integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id  text;
  v_ended            integer := 0;
begin
  for v_organization_id in
    select b.organization_id from stipend.organization_credit_balances b
    left join stipend.test_clocks c on c.organization_id = b.organization_id
    where b.open_holds > 0
      and b.holds_due_from <= clock_timestamp() + coalesce(c.clock_offset, interval '0')
      and exists (
        select from stipend.credit_reservations r
        where hashtext(r.organization_id) = hashtext(b.organization_id) and r.organization_id = b.organization_id
          and r.status = 'open' and r.expires_at >= b.holds_due_from
          and r.expires_at <= clock_timestamp() + coalesce(c.clock_offset, interval '0'))
    order by b.organization_id
    limit p_limit
    for update of b skip locked
  loop
    perform stipend.lock_balances(array[v_organization_id], true);
    v_ended := v_ended + stipend.end_due_holds(v_organization_id, p_limit - v_ended);
    exit when v_ended >= p_limit;
  end loop;
  return v_ended;
end;
$$;

-- The monthly job: writes what is due (period rolls, lapses, end of grace) for up to p_limit organizations.
-- Answers how many; call again until 0. Organizations somebody else holds are left to them or to the next run.
create or replace function stipend.reset_monthly_credits(p_limit integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organizations  text[];
begin
  select array_agg(x.organization_id order by x.organization_id) into v_organizations
  from (
    select b.organization_id from stipend.organization_credit_balances b
    left join stipend.test_clocks c on c.organization_id = b.organization_id
    where b.next_due_at <= clock_timestamp() + coalesce(c.clock_offset, interval '0')
    order by b.next_due_at
    limit p_limit
    for update of b skip locked
  ) x;
  if v_organizations is null then
    return 0;
  end if;
  return cardinality(stipend.lock_balances(v_organizations, false));
end;
$$;

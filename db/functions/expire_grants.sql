-- The expiry job: lapses the grants of up to p_limit organizations that are past their date.
-- Answers how many organizations; call again until 0.
create or replace function stipend.expire_grants(p_limit integer) returns integer
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
      and exists (
        select from stipend.credit_grants g
        where g.organization_id = b.organization_id and g.is_live
          and g.expires_at <= clock_timestamp() + coalesce(c.clock_offset, interval '0'))
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

-- internal
-- Takes the balance rows of the given organizations (sorted, distinct), writes what is due on them and answers the
-- positions that it holds. Without p_wait, rows that somebody else holds are skipped.
-- (reserve_credits and settle_credits do the same and read the rows in the statement that locks them.)
create or replace function stipend.lock_balances(p_organizations text[], p_wait boolean)
returns integer[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_positions  integer[];
  v_due        text[];
begin
  if p_wait then
    perform stipend.wait_for_balances(p_organizations);
  end if;
  select array_agg(l.position), array_agg(l.organization_id) filter (where l.is_due) into v_positions, v_due
  from (
    select o.position::integer, b.organization_id,
      b.next_due_at <= clock_timestamp() + coalesce(t.clock_offset, interval '0') as is_due
    from unnest(p_organizations) with ordinality o(organization_id, position)
    join stipend.organization_credit_balances b on b.organization_id = o.organization_id
    left join stipend.test_clocks t on t.organization_id = o.organization_id
    order by o.position
    for update of b skip locked
  ) l;
  if v_due is not null then
    perform stipend.write_due(v_due, false);
  end if;
  return coalesce(v_positions, '{}');
end;
$$;

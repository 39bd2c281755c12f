-- internal
-- Takes the balance rows of the given organizations (sorted, distinct), writes what is due on them
-- (period rolls, lapses; with p_end_holds also up to 500 holds each whose lease ran out), and answers
-- the positions that it holds. Rows are taken in sorted order so that two callers who wait cannot
-- deadlock; without p_wait, rows that somebody else holds are skipped.
create or replace function stipend.lock_balances(p_organizations text[], p_wait boolean, p_end_holds boolean)
returns integer[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_positions  integer[];
  v_due        integer[];
  v_position   integer;
begin
  if p_wait then
    perform set_config('lock_timeout', '2s', true);
    select array_agg(l.position), array_agg(l.position) filter (where l.is_due) into v_positions, v_due
    from (
      select o.position::integer,
        least(b.next_due_at, case when p_end_holds and b.open_holds > 0 then b.holds_due_from end)
          <= clock_timestamp() + coalesce(t.clock_offset, interval '0') as is_due
      from unnest(p_organizations) with ordinality o(organization_id, position)
      join stipend.organization_credit_balances b on b.organization_id = o.organization_id
      left join stipend.test_clocks t on t.organization_id = o.organization_id
      order by o.position
      for update of b
    ) l;
  else
    select array_agg(l.position), array_agg(l.position) filter (where l.is_due) into v_positions, v_due
    from (
      select o.position::integer,
        least(b.next_due_at, case when p_end_holds and b.open_holds > 0 then b.holds_due_from end)
          <= clock_timestamp() + coalesce(t.clock_offset, interval '0') as is_due
      from unnest(p_organizations) with ordinality o(organization_id, position)
      join stipend.organization_credit_balances b on b.organization_id = o.organization_id
      left join stipend.test_clocks t on t.organization_id = o.organization_id
      order by o.position
      for update of b skip locked
    ) l;
  end if;

  if v_due is not null then
    foreach v_position in array v_due loop
      perform stipend.catch_up(p_organizations[v_position]);
      if p_end_holds then
        perform stipend.end_due_holds(p_organizations[v_position], 500);
      end if;
    end loop;
  end if;
  return coalesce(v_positions, '{}');
end;
$$;

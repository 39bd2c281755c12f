-- reads
-- An organization's time: the clock plus its test-clock offset, never before its last ledger row.
-- Read once after the lock.
create or replace function stipend.organization_now(p_organization_id text, p_ledger_at timestamptz)
returns timestamptz
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select greatest(
    clock_timestamp() + coalesce(
      (select t.clock_offset from stipend.test_clocks t where t.organization_id = p_organization_id),
      interval '0'),
    p_ledger_at);
$$;

-- Writes down how it ended, once.
create or replace function stipend.finish_audit(p_id bigint, p_outcome text) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  update stipend.audit_log a set outcome = p_outcome, finished_at = clock_timestamp()
  where a.id = p_id and a.outcome is null;
$$;

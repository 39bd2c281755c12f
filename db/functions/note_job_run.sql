-- Notes how a job's run has ended.
create or replace function stipend.note_job_run(p_name text, p_ms integer, p_count bigint, p_code text) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into stipend.job_runs as j (name, ended_at, ms, count, code, last_success_at, runs, failures)
  select p_name, x.now, p_ms, p_count, p_code, case when p_code is null then x.now end, 1, (p_code is not null)::integer
  from (select clock_timestamp() as now) x
  on conflict (name) do update
  set ended_at = excluded.ended_at, ms = excluded.ms, count = excluded.count, code = excluded.code,
      last_success_at = coalesce(excluded.last_success_at, j.last_success_at), runs = j.runs + 1,
      failures = j.failures + excluded.failures;
$$;

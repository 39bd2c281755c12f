-- reads
-- A time as JSON bodies write it: ISO 8601 in UTC with milliseconds.
create or replace function stipend.utc_text(p_at timestamptz) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
$$;

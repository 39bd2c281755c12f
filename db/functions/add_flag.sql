-- internal
-- An array literal of flags with one more.
create or replace function stipend.add_flag(p_flags text, p_flag text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select array_append(coalesce(p_flags::text[], '{}'), p_flag)::text;
$$;

-- reads
-- Start of period k: anchor + k months, counted from the anchor so that the 31st does not drift.
create or replace function stipend.period_boundary(p_anchor timestamptz, p_number integer)
returns timestamptz
language sql immutable strict parallel safe
as $$ select (p_anchor at time zone 'UTC' + make_interval(months => p_number)) at time zone 'UTC'; $$;

-- reads
-- Start of the UTC day, week (Monday) or month that holds a moment.
create or replace function stipend.budget_window_start(p_period text, p_at timestamptz)
returns timestamptz
language sql immutable strict parallel safe
as $$ select date_trunc(p_period, p_at at time zone 'UTC') at time zone 'UTC'; $$;

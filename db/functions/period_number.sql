-- reads
-- The period that a moment lies in, counted from the anchor.
create or replace function stipend.period_number(p_anchor timestamptz, p_at timestamptz) returns integer
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_age     interval := age(p_at at time zone 'UTC', p_anchor at time zone 'UTC');
  v_number  integer := (extract(year from v_age) * 12 + extract(month from v_age))::integer;
begin
  while stipend.period_boundary(p_anchor, v_number) > p_at loop
    v_number := v_number - 1;
  end loop;
  while stipend.period_boundary(p_anchor, v_number + 1) <= p_at loop
    v_number := v_number + 1;
  end loop;
  return v_number;
end;
$$;

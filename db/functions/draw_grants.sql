-- internal
-- Writes what was drawn from grants. The balance row's bonus is the caller's.
create or replace function stipend.draw_grants(p_organization_id text, p_id uuid[], p_drawn numeric[])
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update stipend.credit_grants g
  set remaining = g.remaining - u.drawn, is_live = g.remaining > u.drawn
  from unnest(p_id, p_drawn) u(id, drawn)
  where g.organization_id = p_organization_id and g.id = u.id and u.drawn > 0;
end;
$$;

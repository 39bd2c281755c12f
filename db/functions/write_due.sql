-- internal
-- Writes what is due on organizations that the caller has locked: rolls and lapses, with p_end_holds also up to
-- 500 holds each whose lease ran out.
create or replace function stipend.write_due(p_organizations text[], p_end_holds boolean) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id  text;
begin
  foreach v_organization_id in array p_organizations loop
    perform stipend.catch_up(v_organization_id);
    if p_end_holds then
      perform stipend.end_due_holds(v_organization_id, 500);
    end if;
  end loop;
end;
$$;

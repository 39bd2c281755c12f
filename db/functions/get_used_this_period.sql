-- reads
-- Credits charged in the current period, from any pool or covered by the plan.
create or replace function stipend.get_used_this_period(p_organization_id text) returns numeric
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select p.used_this_period from stipend.project_balance(p_organization_id) p; $$;

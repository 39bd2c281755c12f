-- reads
-- get_used_this_period() of a row: a field of an organization in GraphQL.
create or replace function stipend.organizations_used_this_period(p_organization stipend.organizations) returns numeric
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select stipend.get_used_this_period(p_organization.id); $$;

-- reads
-- get_available_credits() of a row: a field of an organization in GraphQL.
create or replace function stipend.organizations_available_credits(p_organization stipend.organizations) returns numeric
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select stipend.get_available_credits(p_organization.id); $$;

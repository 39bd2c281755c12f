-- spendable + overdraft limit: what a reservation is admitted against.
create or replace function stipend.get_available_credits(p_organization_id text) returns numeric
language sql stable
security definer
set search_path = pg_catalog, pg_temp
as $$ select p.monthly_left + p.bonus - p.debt - p.reserved + p.overdraft_limit from stipend.project_balance(p_organization_id) p; $$;

-- balance − reserved; may be negative.
create or replace function stipend.get_spendable_credits(p_organization_id text) returns numeric
language sql stable
security definer
set search_path = pg_catalog, pg_temp
as $$ select p.monthly_left + p.bonus - p.debt - p.reserved from stipend.project_balance(p_organization_id) p; $$;

-- reads
-- balance − reserved; may be negative; NULL on an unlimited plan.
create or replace function stipend.get_spendable_credits(p_organization_id text) returns numeric
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case when not p.is_unlimited then p.monthly_left + p.bonus - p.debt - p.reserved end
  from stipend.project_balance(p_organization_id) p;
$$;

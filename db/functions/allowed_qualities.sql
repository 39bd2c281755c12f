-- reads
create or replace function stipend.allowed_qualities(p_plan_id integer, p_capability text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(jsonb_agg(o.quality order by q.rank), '[]')
  from stipend.catalog_offers o join stipend.quality_levels q on q.unique_name = o.quality
  where o.is_current and o.plan_id = p_plan_id and o.capability = p_capability and o.plan_is_enabled;
$$;

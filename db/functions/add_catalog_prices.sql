-- internal
-- Adds the prices that a catalog gives its models itself, and the end of those that it gives no more; how many.
create or replace function stipend.add_catalog_prices(p_catalog jsonb, p_author text, p_reason text) returns integer
language sql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select stipend.add_model_prices('catalog', coalesce(jsonb_agg(
    case when jsonb_typeof(m.value -> 'ownRates') = 'object' then m.value -> 'ownRates' else '{}' end
      || jsonb_build_object('provider', m.value -> 'provider', 'modelId', m.value -> 'modelId')), '[]'), p_author, p_reason)
  from jsonb_each(p_catalog -> 'models') m;
$$;

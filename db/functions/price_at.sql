-- The price of a model at a moment: the operator's override, else the catalog's own price, else the library's.
-- No row where none of them gave one.
create or replace function stipend.price_at(p_provider text, p_model_id text, p_at timestamptz)
returns setof stipend.model_prices
language sql stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select p.*
  from (values (1, 'operator'), (2, 'catalog'), (3, 'library')) s(precedence, source)
  cross join lateral (
    select x.* from stipend.model_prices x
    where x.provider = p_provider and x.model_id = p_model_id and x.source = s.source and x.effective_at <= p_at
    order by x.effective_at desc, x.id desc
    limit 1
  ) p
  where p.input_usd_per_million is not null
  order by s.precedence
  limit 1;
$$;

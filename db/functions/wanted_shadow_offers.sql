-- internal
-- In shadow mode, a row per plan × capability × quality that any plan has: as the plan itself offers it, else as the
-- lowest plan that does, followed by the models of all others; without limits, with its charges covered. Otherwise none.
create or replace function stipend.wanted_shadow_offers() returns setof stipend.catalog_offers
language sql stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  with offers as materialized (
    select w.*, n.tier_rank, q.rank
    from stipend.wanted_offers() w
    join stipend.plans n on n.id = w.plan_id
    join stipend.quality_levels q on q.unique_name = w.quality
    where cardinality(w.models) > 0 and (select s.is_shadow from stipend.credit_settings s)
  )
  select null::bigint, n.id, x.capability, x.quality, false, null::integer, n.unique_name, true, true, true,
    x.rank = min(x.rank) over (partition by n.id, x.capability), null::integer, null::integer, null::integer,
    x.estimated_credits, x.output_cap, x.minimum_output, m.models, m.model_ids, m.input_usd_per_million,
    m.output_usd_per_million, x.unpriced_models, m.model_markups, x.usd_per_credit, x.credit_increment, x.minimum_charge,
    x.expected_output_tokens, true
  from stipend.plans n
  cross join lateral (
    select distinct on (o.capability, o.quality) o.*
    from offers o
    order by o.capability, o.quality, (o.plan_id = n.id) desc, o.tier_rank, o.plan_id
  ) x
  cross join lateral (
    select array_agg(y.model order by y.place) as models, array_agg(y.model_id order by y.place) as model_ids,
      array_agg(y.markup order by y.place) as model_markups, max(y.input_usd_per_million) as input_usd_per_million,
      max(y.output_usd_per_million) as output_usd_per_million
    from (
      select z.model, (array_agg(z.model_id order by z.place))[1] as model_id,
        (array_agg(z.markup order by z.place))[1] as markup, min(z.place) as place,
        (array_agg(z.input_usd_per_million order by z.place))[1] as input_usd_per_million,
        (array_agg(z.output_usd_per_million order by z.place))[1] as output_usd_per_million
      from (
        select u.model, u.model_id, u.markup, o.input_usd_per_million, o.output_usd_per_million,
          row_number() over (order by (o.plan_id = n.id) desc, o.tier_rank, o.plan_id, u.rank) as place
        from offers o
        cross join lateral unnest(o.models, o.model_ids, o.model_markups) with ordinality u(model, model_id, markup, rank)
        where o.capability = x.capability and o.quality = x.quality
      ) z
      group by z.model
    ) y
  ) m
  where n.is_active;
$$;

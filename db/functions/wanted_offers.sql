-- internal
-- The catalog flattened: a row per plan × capability × quality, as catalog_offers should hold it.
-- (id, is_current and catalog_version are not filled.) A model's price is the one in force now, its dearest kind of
-- token; before the history has one, what the catalog was pushed with. A model with a retirement date is followed in
-- the list by its replacement: the day it retires, calls move on, and what they hold covers both.
create or replace function stipend.wanted_offers() returns setof stipend.catalog_offers
language sql stable
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select null::bigint, n.id as plan_id, c.unique_name as capability, q.unique_name as quality, null::boolean, null::integer,
    n.unique_name as plan,
    n.monthly_ai_credits = -1 as is_unlimited, c.is_enabled as capability_is_enabled, a.is_enabled as plan_is_enabled,
    q.rank = min(q.rank) over (partition by a.id) as is_default_quality,
    a.rate_limit_rpm, a.rate_limit_rph, a.rate_limit_rpd, l.estimated_credits, c.output_cap, c.minimum_output,
    m.models, m.model_ids,
    coalesce(m.input_usd_per_million, 0)::numeric(18,9) as input_usd_per_million,
    coalesce(m.output_usd_per_million, 0)::numeric(18,9) as output_usd_per_million,
    m.unpriced_models, m.model_markups, s.usd_per_credit, s.credit_increment, s.minimum_charge,
    (select e.expected_output_tokens from stipend.output_estimates e
     where e.capability = c.unique_name and e.quality = q.unique_name) as expected_output_tokens,
    false as is_shadow
  from stipend.plan_ai_capability_quality_levels l
  join stipend.plan_ai_capabilities a on a.id = l.plan_ai_capability_id
  join stipend.plans n on n.id = a.plan_id and n.is_active
  join stipend.ai_capabilities c on c.id = a.ai_capability_id and c.is_active
  join stipend.quality_levels q on q.id = l.quality_level_id and q.is_active
  cross join stipend.credit_settings s
  cross join lateral (
    select
      coalesce(array_agg(x.unique_name order by x.priority) filter (where x.input_usd_per_million is not null), '{}') as models,
      coalesce(array_agg(x.provider || '/' || x.model_id order by x.priority)
        filter (where x.input_usd_per_million is not null), '{}') as model_ids,
      coalesce(array_agg(x.unique_name order by x.priority) filter (where x.input_usd_per_million is null), '{}') as unpriced_models,
      coalesce(array_agg(n.markup_basis_points + x.markup_basis_points order by x.priority)
        filter (where x.input_usd_per_million is not null), '{}') as model_markups,
      max(x.input_usd_per_million * (10000 + n.markup_basis_points + x.markup_basis_points) * 0.0001) as input_usd_per_million,
      max(x.output_usd_per_million * (10000 + n.markup_basis_points + x.markup_basis_points) * 0.0001) as output_usd_per_million
    from (
      with recursive listed(priority, hop, id) as (
        select k.priority, 0, k.llm_model_id
        from stipend.plan_quality_level_models k
        where k.plan_ai_capability_quality_level_id = l.id
        union all
        select i.priority, i.hop + 1, r.replacement_model_id
        from listed i
        join stipend.llm_models r on r.id = i.id
        where r.deprecated_at is not null and r.replacement_model_id is not null and i.hop < 8
      ), once as (
        select distinct on (i.id) i.priority, i.hop, i.id from listed i order by i.id, i.priority, i.hop
      )
      select row_number() over (order by o.priority, o.hop) as priority,
        y.unique_name, y.provider, y.model_id, y.markup_basis_points,
        coalesce(greatest(p.input_usd_per_million, p.cached_input_usd_per_million, p.cache_write_usd_per_million),
          y.input_usd_per_million) as input_usd_per_million,
        coalesce(greatest(p.output_usd_per_million, p.reasoning_usd_per_million), y.output_usd_per_million) as output_usd_per_million
      from once o
      join stipend.llm_models y on y.id = o.id
      left join lateral stipend.price_at(y.provider, y.model_id, clock_timestamp()) p on true
    ) x
  ) m;
$$;

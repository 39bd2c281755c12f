-- reads
-- The cheapest active plan that allows a capability at a quality (NULL: any) with a model (NULL: any).
create or replace function stipend.cheapest_plan(p_capability text, p_quality text, p_model text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('plan', n.unique_name, 'name', n.name, 'priceUsdCents', n.price_usd_cents,
    'monthlyCredits', n.monthly_ai_credits)
  from stipend.catalog_offers o join stipend.plans n on n.id = o.plan_id
  where o.is_current and n.is_active and o.plan_is_enabled and o.capability = p_capability
    and o.quality = coalesce(p_quality, o.quality)
    and (p_model is null or p_model = any(o.models))
  order by n.price_usd_cents, n.tier_rank
  limit 1;
$$;

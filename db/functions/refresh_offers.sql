-- internal
-- Flattens the catalog into catalog_offers: rows that changed are retired and written anew.
create or replace function stipend.refresh_offers(p_version integer) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
  update stipend.catalog_offers o set is_current = false
  where o.is_current and not exists (
    select from stipend.wanted_offers() w
    where w.plan_id = o.plan_id and w.capability = o.capability and w.quality = o.quality
      and to_jsonb(w) - '{id,is_current,catalog_version,expected_output_tokens}'::text[]
        = to_jsonb(o) - '{id,is_current,catalog_version,expected_output_tokens}'::text[]);

  insert into stipend.catalog_offers (
    catalog_version, plan_id, capability, quality, plan, is_unlimited, capability_is_enabled, plan_is_enabled,
    is_default_quality, rate_limit_rpm, rate_limit_rph, rate_limit_rpd, estimated_credits, output_cap, minimum_output,
    models, model_ids, input_usd_per_million, output_usd_per_million, unpriced_models, model_markups,
    usd_per_credit, credit_increment, minimum_charge, expected_output_tokens)
  select p_version, w.plan_id, w.capability, w.quality, w.plan, w.is_unlimited, w.capability_is_enabled, w.plan_is_enabled,
    w.is_default_quality, w.rate_limit_rpm, w.rate_limit_rph, w.rate_limit_rpd, w.estimated_credits, w.output_cap,
    w.minimum_output, w.models, w.model_ids, w.input_usd_per_million, w.output_usd_per_million, w.unpriced_models,
    w.model_markups, w.usd_per_credit, w.credit_increment, w.minimum_charge, w.expected_output_tokens
  from stipend.wanted_offers() w
  where not exists (
    select from stipend.catalog_offers o
    where o.is_current and o.plan_id = w.plan_id and o.capability = w.capability and o.quality = w.quality)
  order by w.plan_id, w.capability, w.quality;

  update stipend.catalog_offers o set is_shadow = false
  where o.is_shadow and not exists (
    select from stipend.wanted_shadow_offers() w
    where w.plan_id = o.plan_id and w.capability = o.capability and w.quality = o.quality
      and to_jsonb(w) - '{id,is_current,catalog_version,expected_output_tokens}'::text[]
        = to_jsonb(o) - '{id,is_current,catalog_version,expected_output_tokens}'::text[]);

  insert into stipend.catalog_offers (
    catalog_version, plan_id, capability, quality, is_current, plan, is_unlimited, capability_is_enabled, plan_is_enabled,
    is_default_quality, estimated_credits, output_cap, minimum_output, models, model_ids, input_usd_per_million,
    output_usd_per_million, unpriced_models, model_markups, usd_per_credit, credit_increment, minimum_charge,
    expected_output_tokens, is_shadow)
  select p_version, w.plan_id, w.capability, w.quality, false, w.plan, w.is_unlimited, w.capability_is_enabled,
    w.plan_is_enabled, w.is_default_quality, w.estimated_credits, w.output_cap, w.minimum_output, w.models, w.model_ids,
    w.input_usd_per_million, w.output_usd_per_million, w.unpriced_models, w.model_markups, w.usd_per_credit,
    w.credit_increment, w.minimum_charge, w.expected_output_tokens, true
  from stipend.wanted_shadow_offers() w
  where not exists (
    select from stipend.catalog_offers o
    where o.is_shadow and o.plan_id = w.plan_id and o.capability = w.capability and o.quality = w.quality)
  order by w.plan_id, w.capability, w.quality;
end;
$$;

-- The operator's price of a model, before the catalog's and the library's; US dollars per million tokens. In force
-- from p_effective_at on (NULL: at once). Holds follow at once, charges within the minute.
create or replace function stipend.put_model_price(
  p_model text, p_input numeric, p_cached_input numeric, p_cache_write numeric, p_output numeric, p_reasoning numeric,
  p_effective_at timestamptz, p_author text, p_reason text
) returns stipend.model_prices
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  v_model  stipend.llm_models;
  v_field  text;
  v_now    timestamptz;
  v_price  stipend.model_prices;
begin
  perform pg_advisory_xact_lock(hashtext('stipend.push_catalog'));
  v_model := stipend.find_priced_model(p_model);
  select u.field into v_field
  from (values ('input', p_input, true), ('cachedInput', p_cached_input, false), ('cacheWrite', p_cache_write, false),
    ('output', p_output, true), ('reasoning', p_reasoning, false)) u(field, price, is_required)
  where u.price < 0 or u.price > 1000000 or u.is_required and u.price is null
  limit 1;
  if v_field is not null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', v_field,
      'rule', 'must be US dollars per million tokens, from 0 to 1000000'));
  end if;
  v_now := date_trunc('milliseconds', clock_timestamp());
  -- What has been charged stands: no price begins in the past. A minute, for the operator's clock.
  if p_effective_at < v_now - interval '1 minute' then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'effectiveAt', 'value', p_effective_at,
      'rule', 'must not lie in the past'));
  end if;
  insert into stipend.model_prices (
    provider, model_id, source, input_usd_per_million, cached_input_usd_per_million, cache_write_usd_per_million,
    output_usd_per_million, reasoning_usd_per_million, effective_at, author, reason)
  values (v_model.provider, v_model.model_id, 'operator', p_input, p_cached_input, p_cache_write, p_output,
    p_reasoning, greatest(v_now, p_effective_at), p_author, p_reason)
  returning * into v_price;
  perform stipend.refresh_offers((select max(v.version) from stipend.catalog_versions v));
  return v_price;
end;
$$;

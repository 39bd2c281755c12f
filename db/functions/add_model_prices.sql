-- internal
-- Adds prices of one source to the history where they differ from its last ones; how many.
-- p_prices: [{provider, modelId, input, output, cachedInput, cacheWrite, reasoning, request, tiers}], US dollars as
-- texts; input null: the source gives no price any more.
create or replace function stipend.add_model_prices(p_source text, p_prices jsonb, p_author text, p_reason text)
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  v_count  integer;
begin
  insert into stipend.model_prices (
    provider, model_id, source, input_usd_per_million, cached_input_usd_per_million, cache_write_usd_per_million,
    output_usd_per_million, reasoning_usd_per_million, request_usd, tiers, effective_at, author, reason)
  select distinct on (u.provider, u."modelId") u.provider, u."modelId", p_source, u.input, u."cachedInput",
    u."cacheWrite", u.output, u.reasoning, u.request, nullif(u.tiers, 'null'),
    date_trunc('milliseconds', clock_timestamp()), p_author, p_reason
  from jsonb_to_recordset(p_prices) u(
    provider text, "modelId" text, input numeric(18,9), "cachedInput" numeric(18,9), "cacheWrite" numeric(18,9),
    output numeric(18,9), reasoning numeric(18,9), request numeric(18,9), tiers jsonb)
  left join lateral (
    select x.* from stipend.model_prices x
    where x.provider = u.provider and x.model_id = u."modelId" and x.source = p_source
    order by x.effective_at desc, x.id desc
    limit 1
  ) p on true
  where (p.id is not null or u.input is not null)
    and (p.input_usd_per_million, p.cached_input_usd_per_million, p.cache_write_usd_per_million,
         p.output_usd_per_million, p.reasoning_usd_per_million, p.request_usd, p.tiers)
      is distinct from (u.input, u."cachedInput", u."cacheWrite", u.output, u.reasoning, u.request, nullif(u.tiers, 'null'));
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

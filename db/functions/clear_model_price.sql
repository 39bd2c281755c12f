-- Ends the operator's price of a model, the one in force and those to come; whether there was any.
create or replace function stipend.clear_model_price(p_model text, p_author text, p_reason text) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  v_model  stipend.llm_models;
  v_now    timestamptz;
  v_count  integer;
begin
  perform pg_advisory_xact_lock(hashtext('stipend.push_catalog'));
  v_model := stipend.find_priced_model(p_model);
  v_now := date_trunc('milliseconds', clock_timestamp());
  insert into stipend.model_prices (provider, model_id, source, effective_at, author, reason)
  select v_model.provider, v_model.model_id, 'operator', greatest(p.effective_at, v_now), p_author, p_reason
  from (
    select distinct on (greatest(x.effective_at, v_now)) x.*
    from stipend.model_prices x
    where x.provider = v_model.provider and x.model_id = v_model.model_id and x.source = 'operator'
    order by greatest(x.effective_at, v_now), x.effective_at desc, x.id desc
  ) p
  where p.input_usd_per_million is not null;
  get diagnostics v_count = row_count;
  perform stipend.refresh_offers((select max(v.version) from stipend.catalog_versions v));
  return v_count > 0;
end;
$$;

-- Keeps the history of prices up: adds the library's prices of the catalog's models where they differ from the last
-- ones, and has the offers say what is in force by now. How many prices were added; NULL where somebody else is
-- changing the catalog and p_wait is false. p_library: as add_model_prices() takes it; models that the catalog does
-- not have are left out.
create or replace function stipend.record_model_prices(p_library jsonb, p_author text, p_wait boolean) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  v_version  stipend.catalog_versions;
  v_count    integer;
begin
  if p_wait then
    perform pg_advisory_xact_lock(hashtext('stipend.push_catalog'));
  elsif not pg_try_advisory_xact_lock(hashtext('stipend.push_catalog')) then
    return null;
  end if;
  select v.* into v_version from stipend.catalog_versions v order by v.version desc limit 1;
  if v_version.version is null then
    return 0;
  end if;
  v_count := stipend.add_catalog_prices(v_version.catalog, v_version.author, v_version.reason)
    + stipend.add_model_prices('library', coalesce((
        select jsonb_agg(u.value) from jsonb_array_elements(p_library) u
        where exists (select from stipend.llm_models m
          where m.is_active and m.provider = u.value ->> 'provider' and m.model_id = u.value ->> 'modelId')), '[]'),
      p_author, null);
  perform stipend.refresh_offers(v_version.version);
  return v_count;
end;
$$;

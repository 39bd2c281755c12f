-- internal
-- A model of the catalog by its key or provider/model. Refuses others, naming those that there are.
create or replace function stipend.find_priced_model(p_model text) returns stipend.llm_models
language plpgsql stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_model  stipend.llm_models;
begin
  select m.* into v_model from stipend.llm_models m
  where m.is_active and p_model in (m.unique_name, m.provider || '/' || m.model_id)
  order by m.unique_name = p_model desc, m.id limit 1;
  if v_model.id is null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'model', 'value', p_model,
      'rule', 'must be a catalog key or provider/model of the catalog',
      'known', (select jsonb_agg(m.unique_name order by m.unique_name) from stipend.llm_models m where m.is_active)));
  end if;
  return v_model;
end;
$$;

-- internal
-- The plan × capability × quality × model rows of a catalog push.
create or replace function stipend.push_plan_access(p_catalog jsonb) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
  delete from stipend.plan_quality_level_models;

  insert into stipend.plan_ai_capabilities as a (
    plan_id, ai_capability_id, is_enabled, rate_limit_rpm, rate_limit_rph, rate_limit_rpd)
  select n.id, c.id, (x.value ->> 'enabled')::boolean, (x.value ->> 'perMinute')::integer,
    (x.value ->> 'perHour')::integer, (x.value ->> 'perDay')::integer
  from jsonb_each(p_catalog -> 'plans') p
  cross join lateral jsonb_each(p.value -> 'allows') x
  join stipend.plans n on n.unique_name = p.key
  join stipend.ai_capabilities c on c.unique_name = x.key
  on conflict (plan_id, ai_capability_id) do update
  set is_enabled = excluded.is_enabled, rate_limit_rpm = excluded.rate_limit_rpm,
      rate_limit_rph = excluded.rate_limit_rph, rate_limit_rpd = excluded.rate_limit_rpd;
  delete from stipend.plan_ai_capabilities a
  using stipend.plans n, stipend.ai_capabilities c
  where n.id = a.plan_id and c.id = a.ai_capability_id
    and p_catalog #> array['plans', n.unique_name, 'allows', c.unique_name] is null;

  insert into stipend.plan_ai_capability_quality_levels as l (plan_ai_capability_id, quality_level_id, estimated_credits)
  select a.id, q.id, (y.value ->> 'estimate')::numeric
  from stipend.plan_ai_capabilities a
  join stipend.plans n on n.id = a.plan_id
  join stipend.ai_capabilities c on c.id = a.ai_capability_id
  cross join lateral jsonb_each(p_catalog #> array['plans', n.unique_name, 'allows', c.unique_name, 'qualities']) y
  join stipend.quality_levels q on q.unique_name = y.key
  on conflict (plan_ai_capability_id, quality_level_id) do update set estimated_credits = excluded.estimated_credits;
  delete from stipend.plan_ai_capability_quality_levels l
  using stipend.plan_ai_capabilities a, stipend.plans n, stipend.ai_capabilities c, stipend.quality_levels q
  where a.id = l.plan_ai_capability_id and n.id = a.plan_id and c.id = a.ai_capability_id and q.id = l.quality_level_id
    and p_catalog #> array['plans', n.unique_name, 'allows', c.unique_name, 'qualities', q.unique_name] is null;

  insert into stipend.plan_quality_level_models (plan_ai_capability_quality_level_id, llm_model_id, is_default, priority)
  select l.id, m.id, z.ordinality = 1, z.ordinality
  from stipend.plan_ai_capability_quality_levels l
  join stipend.plan_ai_capabilities a on a.id = l.plan_ai_capability_id
  join stipend.plans n on n.id = a.plan_id
  join stipend.ai_capabilities c on c.id = a.ai_capability_id
  join stipend.quality_levels q on q.id = l.quality_level_id
  cross join lateral jsonb_array_elements_text(
    p_catalog #> array['plans', n.unique_name, 'allows', c.unique_name, 'qualities', q.unique_name, 'models'])
    with ordinality z
  join stipend.llm_models m on m.unique_name = z.value;
end;
$$;

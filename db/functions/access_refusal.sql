-- reads
-- Why a plan does not allow a call, and what would: the first refusal in the order
-- unknown names, organization, capability, plan, quality, model. No row: nothing stands against it.
create or replace function stipend.access_refusal(
  p_organization_id text, p_capability text, p_quality text, p_model text,
  out code text, out detail jsonb
) returns setof record
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan        record;
  v_capability  stipend.ai_capabilities;
  v_offer       stipend.catalog_offers;
  v_enabled     boolean;
begin
  select p.plan_id, n.unique_name as plan, p.status, b.bonus into v_plan
  from stipend.organization_plans p
  join stipend.plans n on n.id = p.plan_id
  join stipend.organization_credit_balances b on b.organization_id = p.organization_id
  where p.organization_id = p_organization_id;
  select * into v_capability
  from stipend.ai_capabilities c where c.unique_name = p_capability and c.is_active;
  select a.is_enabled into v_enabled
  from stipend.plan_ai_capabilities a where a.plan_id = v_plan.plan_id and a.ai_capability_id = v_capability.id;
  select * into v_offer
  from stipend.catalog_offers o
  where o.is_current and o.plan_id = v_plan.plan_id and o.capability = p_capability
    and o.quality = coalesce(p_quality,
      (select q.quality from stipend.catalog_offers q
       where q.is_current and q.plan_id = v_plan.plan_id and q.capability = p_capability and q.is_default_quality));

  if v_plan is null then
    code := 'organization_not_found';
    detail := jsonb_build_object('organizationId', p_organization_id);
  elsif v_capability.id is null then
    code := 'capability_not_found';
    detail := jsonb_build_object('capability', p_capability, 'known',
      (select jsonb_agg(c.unique_name order by c.unique_name) from stipend.ai_capabilities c where c.is_active));
  elsif p_quality is not null and not exists (
    select from stipend.quality_levels q where q.unique_name = p_quality and q.is_active) then
    code := 'quality_not_found';
    detail := jsonb_build_object('quality', p_quality, 'known',
      (select jsonb_agg(q.unique_name order by q.rank) from stipend.quality_levels q where q.is_active));
  elsif p_model is not null and not exists (
    select from stipend.llm_models m where m.unique_name = p_model and m.is_active)
    and p_model <> all(coalesce(v_offer.models || v_offer.unpriced_models, '{}')) then
    code := 'invalid_request';
    detail := jsonb_build_object('field', 'model', 'value', p_model, 'rule', 'must be one of '
      || (select string_agg(m.unique_name, ', ' order by m.unique_name) from stipend.llm_models m where m.is_active),
      'known', (select jsonb_agg(m.unique_name order by m.unique_name) from stipend.llm_models m where m.is_active));
  elsif v_plan.status = 'suspended' or (v_plan.status = 'past_due' and v_plan.bonus <= 0) then
    code := 'subscription_inactive';
    detail := jsonb_build_object('status', v_plan.status, 'plan', v_plan.plan);
  elsif not v_capability.is_enabled then
    code := 'capability_disabled';
    detail := jsonb_build_object('capability', p_capability);
  elsif v_enabled is null or not v_enabled then
    code := case when v_enabled is null then 'not_in_plan' else 'plan_disabled' end;
    detail := jsonb_build_object('plan', v_plan.plan, 'capability', p_capability,
      'cheapestPlan', stipend.cheapest_plan(p_capability, p_quality, null));
  elsif v_offer.id is null then
    code := 'quality_not_allowed';
    detail := jsonb_build_object('plan', v_plan.plan, 'capability', p_capability, 'quality', p_quality,
      'allowedQualities', stipend.allowed_qualities(v_plan.plan_id, p_capability),
      'cheapestPlan', stipend.cheapest_plan(p_capability, p_quality, null));
  elsif p_model = any(v_offer.unpriced_models) or cardinality(v_offer.models) = 0 then
    code := 'model_unpriced';
    detail := jsonb_build_object('model', p_model, 'unpriced', to_jsonb(v_offer.unpriced_models));
  elsif p_model <> all(v_offer.models) then
    code := 'model_not_allowed';
    detail := jsonb_build_object('plan', v_plan.plan, 'capability', p_capability, 'quality', v_offer.quality,
      'model', p_model, 'allowedModels', to_jsonb(v_offer.models),
      'allowedQualities', stipend.allowed_qualities(v_plan.plan_id, p_capability),
      'cheapestPlan', stipend.cheapest_plan(p_capability, p_quality, p_model));
  else
    return;
  end if;
  return next;
end;
$$;

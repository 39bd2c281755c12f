-- internal
-- Writes the plan that an organization is on from now on, and says so. The caller holds the lock and keeps the allocation.
create or replace function stipend.put_plan(
  p_organization_id text, p_plan stipend.plans, p_credits_added numeric, p_now timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_previous  text;
begin
  select n.unique_name into strict v_previous
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
  update stipend.organization_plans p
  set plan_id = p_plan.id, monthly_ai_credits = p_plan.monthly_ai_credits, pending_plan_id = null, pending_change_at = null
  where p.organization_id = p_organization_id;
  if v_previous <> p_plan.unique_name then
    perform stipend.emit_event(p_organization_id, 'plan.changed', jsonb_build_object(
      'plan', p_plan.unique_name, 'previousPlan', v_previous, 'creditsAdded', p_credits_added), p_now);
  end if;
end;
$$;

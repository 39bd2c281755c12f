-- internal
-- Moves ended holds from held to used in the budget windows that counted them, and tells when a budget passes
-- 80 or 100 %.
create or replace function stipend.settle_budgets(
  p_organization_id text[], p_budget_id uuid[], p_window_start timestamptz[], p_held numeric[], p_used numeric[]
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  v_organization_id  text[];
  v_payload          jsonb[];
begin
  with written as (
    update stipend.budget_windows w set held = w.held - u.held, used = w.used + u.used
    from unnest(p_organization_id, p_budget_id, p_window_start, p_held, p_used)
      u(organization_id, budget_id, window_start, held, used)
    join stipend.budgets b on b.organization_id = u.organization_id and b.id = u.budget_id
    where w.organization_id = u.organization_id and w.budget_id = u.budget_id and w.window_start = u.window_start
    returning w.organization_id, w.budget_id, w.window_start, w.used, w.used - u.used as used_before,
      b.limit_credits, b.scope_type, b.scope_id, b.period
  )
  select array_agg(w.organization_id), array_agg(jsonb_build_object(
    'budgetId', w.budget_id, 'scopeType', w.scope_type, 'scopeId', w.scope_id, 'period', w.period,
    'windowStart', w.window_start, 'percent', x.percent, 'used', w.used, 'limit', w.limit_credits))
  into v_organization_id, v_payload
  from written w join (values (0.8, 80), (1.0, 100)) x(share, percent)
    on w.used_before < w.limit_credits * x.share and w.used >= w.limit_credits * x.share;

  if v_organization_id is not null then
    perform stipend.emit_event(u.organization_id, 'budget.threshold', u.payload, clock_timestamp())
    from unnest(v_organization_id, v_payload) u(organization_id, payload);
  end if;
end;
$$;

-- internal
-- Adds to what budgets' windows have used, with an event where one passes 80 or 100 %.
create or replace function stipend.add_budget_use(
  p_organization_id text, p_budget_ids uuid[], p_windows timestamptz[], p_credits numeric
) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  with written as (
    update stipend.budget_windows w set used = w.used + p_credits
    from unnest(p_budget_ids, p_windows) u(budget_id, window_start)
    join stipend.budgets x on x.organization_id = p_organization_id and x.id = u.budget_id
    where w.organization_id = x.organization_id and w.budget_id = u.budget_id and w.window_start = u.window_start
    returning w.budget_id, w.window_start, w.used, x.limit_credits, x.scope_type, x.scope_id, x.period
  )
  select stipend.emit_event(p_organization_id, 'budget.threshold', jsonb_build_object(
    'budgetId', w.budget_id, 'scopeType', w.scope_type, 'scopeId', w.scope_id, 'period', w.period,
    'windowStart', w.window_start, 'percent', x.percent, 'used', w.used, 'limit', w.limit_credits), clock_timestamp())
  from written w join (values (0.8, 80), (1.0, 100)) x(share, percent)
    on w.used - p_credits < w.limit_credits * x.share and w.used >= w.limit_credits * x.share;
$$;

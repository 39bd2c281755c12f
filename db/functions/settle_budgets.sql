-- internal
-- Moves ended holds from held to used in the budget windows that counted them, an element per hold and budget,
-- and tells when a budget passes 80 or 100 %.
create or replace function stipend.settle_budgets(
  p_organization_id text[], p_budget_id uuid[], p_counted_at timestamptz[], p_held numeric[], p_used numeric[]
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  with moved as (
    select b.organization_id, b.id, b.limit_credits, b.scope_type, b.scope_id, b.period, s.window_start,
      sum(c.held) as held, sum(c.used) as used
    from (
      select u.organization_id, u.budget_id, u.counted_at, sum(u.held) as held, sum(u.used) as used
      from (
        select x.organization_id, x.budget_id, date_trunc('day', x.counted_at at time zone 'UTC') at time zone 'UTC' as counted_at,
          x.held, x.used
        from unnest(p_organization_id, p_budget_id, p_counted_at, p_held, p_used)
          x(organization_id, budget_id, counted_at, held, used)
      ) u
      group by u.organization_id, u.budget_id, u.counted_at
    ) c
    join stipend.budgets b on b.organization_id = c.organization_id and b.id = c.budget_id
    cross join lateral (select stipend.budget_window_start(b.period, c.counted_at)) s(window_start)
    group by b.organization_id, b.id, b.limit_credits, b.scope_type, b.scope_id, b.period, s.window_start
  ), written as (
    update stipend.budget_windows w set held = w.held - m.held, used = w.used + m.used
    from moved m
    where w.organization_id = m.organization_id and w.budget_id = m.id and w.window_start = m.window_start
    returning w.organization_id, w.budget_id, w.used, w.used - m.used as used_before, m.limit_credits, m.scope_type,
      m.scope_id, m.period, m.window_start
  )
  insert into stipend.outbox_events (organization_id, type, payload, created_at)
  select w.organization_id, 'budget.threshold',
    jsonb_build_object('budgetId', w.budget_id, 'scopeType', w.scope_type, 'scopeId', w.scope_id, 'period', w.period,
      'windowStart', w.window_start, 'percent', x.percent, 'used', w.used, 'limit', w.limit_credits),
    clock_timestamp()
  from written w cross join (values (80), (100)) x(percent)
  where w.used_before < w.limit_credits * x.percent / 100 and w.used >= w.limit_credits * x.percent / 100;
end;
$$;

-- internal
-- Moves ended holds from held to used in the budget windows that counted them, and tells when a
-- budget passes 80 or 100 %.
create or replace function stipend.settle_budgets(
  p_organizations text[], p_organization integer[], p_id uuid[], p_charge numeric[], p_is_done boolean[]
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
    select b.organization_id, b.id, b.limit_credits, b.scope_type, b.scope_id, b.period,
      stipend.budget_window_start(b.period, h.created_at) as window_start,
      sum(h.estimated_credits) as held, sum(u.charge) as used
    from unnest(p_is_done, p_organization, p_id, p_charge) u(is_done, organization, id, charge)
    join stipend.credit_reservations h on h.organization_id = p_organizations[u.organization] and h.id = u.id
    cross join lateral unnest(h.budget_ids) c(budget_id)
    join stipend.budgets b on b.organization_id = h.organization_id and b.id = c.budget_id
    where u.is_done
    group by b.organization_id, b.id, b.limit_credits, b.scope_type, b.scope_id, b.period, 7
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

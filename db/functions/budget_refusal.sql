-- internal
-- What a budget has used, holds and allows. p_total: the whole estimate, where p_estimate is what a raise adds to it.
-- retryAfterMs where only open holds stand in the way.
create or replace function stipend.budget_refusal(
  p_organization_id text, p_budget_id uuid, p_scope_type text, p_scope_id text, p_period text, p_window timestamptz,
  p_limit numeric, p_used numeric, p_held numeric, p_estimate numeric,
  p_total numeric default null
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('budgetId', p_budget_id, 'scopeType', p_scope_type, 'scopeId', p_scope_id,
    'period', p_period, 'limitCredits', p_limit, 'usedCredits', p_used, 'heldCredits', p_held,
    'estimatedCredits', p_estimate, 'resetsAt', stipend.utc_text(
      (p_window at time zone 'UTC' + ('1 ' || p_period)::interval) at time zone 'UTC'))
    || case when p_used + coalesce(p_total, p_estimate) <= p_limit
      then jsonb_build_object('retryAfterMs', stipend.open_hold_wait(p_organization_id, p_budget_id)) else '{}' end;
$$;

-- internal
create or replace function stipend.budget_refusal(
  p_budget_id uuid, p_scope_type text, p_scope_id text, p_period text, p_window timestamptz,
  p_limit numeric, p_used numeric, p_held numeric, p_estimate numeric
) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('budgetId', p_budget_id, 'scopeType', p_scope_type, 'scopeId', p_scope_id,
    'period', p_period, 'limit', p_limit, 'used', p_used, 'held', p_held, 'estimate', p_estimate,
    'resetsAt', (p_window at time zone 'UTC' + ('1 ' || p_period)::interval) at time zone 'UTC');
$$;

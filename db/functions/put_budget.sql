-- Sets a budget of a scope and period, or changes its limit and hardness.
-- A capability must be in the catalog and an API key the organization's; members and forms are the host's to name.
-- A new budget counts from its first call on: what the window saw before is not looked up.
create or replace function stipend.put_budget(
  p_organization_id text, p_id uuid, p_scope_type text, p_scope_id text, p_period text,
  p_limit_credits numeric, p_is_hard boolean
) returns stipend.budgets
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_budget  stipend.budgets;
  v_known   text[];
begin
  perform stipend.lock_balance(p_organization_id);
  if p_scope_type = 'capability' then
    select coalesce(array_agg(c.unique_name order by c.unique_name), '{}') into v_known
    from stipend.ai_capabilities c where c.is_active;
  elsif p_scope_type = 'api_key' then
    select coalesce(array_agg(k.id::text order by k.created_at), '{}') into v_known
    from stipend.api_keys k where k.organization_id = p_organization_id and k.revoked_at is null;
  end if;
  if p_scope_id <> all(v_known) then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'scopeId', 'value', p_scope_id,
      'rule', case when p_scope_type = 'capability' then 'must be a capability of the catalog: '
        || array_to_string(v_known, ', ') else 'must be the id of an API key of the organization' end,
      'known', to_jsonb(v_known)));
  end if;
  insert into stipend.budgets as b (organization_id, id, scope_type, scope_id, period, limit_credits, is_hard)
  values (p_organization_id, p_id, p_scope_type, p_scope_id, p_period, p_limit_credits, p_is_hard)
  on conflict (organization_id, scope_type, scope_id, period)
  do update set limit_credits = excluded.limit_credits, is_hard = excluded.is_hard
  returning * into v_budget;
  update stipend.organization_credit_balances b set has_budgets = true where b.organization_id = p_organization_id;
  return v_budget;
end;
$$;

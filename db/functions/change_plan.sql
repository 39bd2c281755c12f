-- Moves an organization to a plan. A higher tier takes effect at once and adds the difference to the highest
-- allocation already granted in this period, or while the subscription is not active, once it is paid
-- (restore_allocation); a lower one waits for the period's end. Asking for the current
-- plan takes a pending change back. Asked twice, it answers the same.
create or replace function stipend.change_plan(
  p_organization_id text, p_plan text,
  out plan text, out pending_plan text, out pending_change_at timestamptz, out credits_added numeric
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_old      stipend.plans;
  v_new      stipend.plans;
  v_now      timestamptz;
  v_status   text;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  v_now := stipend.organization_now(p_organization_id, v_balance.ledger_at);
  select p.status into strict v_status from stipend.organization_plans p where p.organization_id = p_organization_id;
  select n.* into strict v_old
  from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
  where p.organization_id = p_organization_id;
  select * into v_new from stipend.plans n where n.unique_name = p_plan and n.is_active;
  if v_new.id is null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'plan', 'value', p_plan,
      'rule', 'must be one of ' || (select string_agg(n.unique_name, ', ' order by n.tier_rank) from stipend.plans n where n.is_active),
      'known',
      (select jsonb_agg(n.unique_name order by n.tier_rank) from stipend.plans n where n.is_active)));
  end if;

  credits_added := 0;
  if v_new.id = v_old.id then
    update stipend.organization_plans p set pending_plan_id = null, pending_change_at = null
    where p.organization_id = p_organization_id and p.pending_plan_id is not null;
  elsif v_new.tier_rank > v_old.tier_rank then
    if v_status = 'active' then
      credits_added := stipend.raise_allocation(p_organization_id, v_new, v_now);
    end if;
    perform stipend.put_plan(p_organization_id, v_new, credits_added, v_now);
  else
    update stipend.organization_plans p set pending_plan_id = v_new.id, pending_change_at = v_balance.period_end
    where p.organization_id = p_organization_id;
  end if;

  select n.unique_name, q.unique_name, p.pending_change_at into plan, pending_plan, pending_change_at
  from stipend.organization_plans p
  join stipend.plans n on n.id = p.plan_id
  left join stipend.plans q on q.id = p.pending_plan_id
  where p.organization_id = p_organization_id;
end;
$$;

-- internal
-- Lets an organization's periods run from another anchor, a subscription's: what is left of the monthly credits lapses,
-- and the credits of the period that now lies in come: those of p_plan, none where p_is_withheld. The caller holds the lock.
create or replace function stipend.start_billing_period(
  p_organization_id text, p_anchor timestamptz, p_source text, p_plan stipend.plans, p_is_withheld boolean,
  p_now timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_start    timestamptz;
  v_credits  numeric := case when p_is_withheld then 0 else greatest(p_plan.monthly_ai_credits, 0) end;
begin
  perform stipend.lapse_monthly(p_organization_id, p_now, format('subscription:%s:%s', p_source,
    extract(epoch from p_anchor)::bigint));
  v_start := stipend.move_billing_period(p_organization_id, p_anchor, p_now);
  update stipend.organization_credit_balances b set monthly_allocation = v_credits
  where b.organization_id = p_organization_id;
  if v_credits > 0 then
    perform stipend.post_monthly(p_organization_id, 'plan_allocation', v_credits,
      format('#allocation:%s:%s', extract(epoch from v_start)::bigint, p_source), p_plan.unique_name, v_start);
  elsif p_is_withheld then
    insert into stipend.credit_sources (organization_id, source_id, type, credits, sequence)
    select p_organization_id, '#withheld:' || extract(epoch from v_start)::bigint, 'plan_allocation', 0, b.ledger_sequence
    from stipend.organization_credit_balances b where b.organization_id = p_organization_id
    on conflict do nothing;
  end if;
end;
$$;

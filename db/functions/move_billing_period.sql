-- internal
-- Lets an organization's periods run from another anchor; answers where the one begins that a moment lies in. No credits
-- come or go. The caller holds the lock.
create or replace function stipend.move_billing_period(p_organization_id text, p_anchor timestamptz, p_now timestamptz)
returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number  constant integer := stipend.period_number(p_anchor, p_now);
  v_start   constant timestamptz := stipend.period_boundary(p_anchor, v_number);
begin
  update stipend.organization_credit_balances b
  set period_anchor = p_anchor, period_number = v_number, period_start = v_start,
      period_end = stipend.period_boundary(p_anchor, v_number + 1),
      used_this_period = (
        select coalesce(sum(t.covered_amount - t.amount), 0) from stipend.credit_transactions t
        where t.organization_id = p_organization_id and t.sequence >= stipend.sequence_at(p_organization_id, v_start)
          and t.created_at >= v_start and t.reservation_id is not null)
  where b.organization_id = p_organization_id;
  return v_start;
end;
$$;

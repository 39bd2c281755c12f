-- internal
-- Writes what time has brought: grants that expired, periods that ended, grace that ran out, in the order
-- in which they were due. The caller holds the organization's lock.
create or replace function stipend.catch_up(p_organization_id text) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance       stipend.organization_credit_balances;
  v_now           timestamptz;
  v_grant_due     timestamptz;
  v_grace_end     timestamptz;
  v_due           timestamptz;
begin
  loop
    select * into strict v_balance
    from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
    v_now := coalesce(v_now, stipend.organization_now(p_organization_id, v_balance.ledger_at));

    select min(g.expires_at) into v_grant_due
    from stipend.credit_grants g where g.organization_id = p_organization_id and g.is_live;

    select p.paid_until + make_interval(hours => 24 * s.grace_days) into v_grace_end
    from stipend.organization_plans p cross join stipend.credit_settings s
    where p.organization_id = p_organization_id and p.status = 'active';

    v_due := least(v_grant_due, v_grace_end, v_balance.period_end);
    if v_due > v_now then
      update stipend.organization_credit_balances b set next_due_at = v_due
      where b.organization_id = p_organization_id and b.next_due_at <> v_due;
      return;
    end if;

    if v_due = v_grant_due then
      perform stipend.lapse_grants(p_organization_id, v_due);
    elsif v_due = v_balance.period_end then
      perform stipend.roll_period(p_organization_id);
    else
      perform stipend.lapse_monthly(p_organization_id, v_due, stipend.lapse_source(p_organization_id, 'past_due'));
      update stipend.organization_plans p set status = 'past_due' where p.organization_id = p_organization_id;
      perform stipend.emit_event(p_organization_id, 'subscription.past_due',
        jsonb_build_object('since', v_due), v_now);
    end if;
  end loop;
end;
$$;

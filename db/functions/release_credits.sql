-- Drops holds without a charge: the call was not made. After any end: the standing outcome.
-- Arrays as in settle_credits().
create or replace function stipend.release_credits(
  p_wait boolean, p_organizations text[], p_organization integer[], p_id uuid[]
) returns setof stipend.outcome
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_positions  integer[];
  v_hold       stipend.credit_reservations;
  v_out        stipend.outcome;
  v_now        timestamptz;
begin
  if cardinality(p_organization) = 0 then
    return;
  end if;
  v_positions := stipend.lock_balances(p_organizations, p_wait);
  for i in 1 .. cardinality(p_organization) loop
    v_out := null;
    v_out.request := i;
    v_out.reservation_id := p_id[i];
    select * into v_hold from stipend.credit_reservations h
    where h.organization_id = p_organizations[p_organization[i]] and h.id = p_id[i];

    if v_hold.id is null or p_organization[i] <> all(v_positions) then
      v_out.code := case
        when p_organization[i] <> all(v_positions)
          and exists (select from stipend.organizations g where g.id = p_organizations[p_organization[i]]) then 'skipped'
        else 'reservation_not_found' end;
      v_out.detail := jsonb_build_object('reservationId', p_id[i]);
      return next v_out;
      continue;
    end if;

    if v_hold.status = 'open' then
      select stipend.organization_now(b.organization_id, b.ledger_at) into v_now
      from stipend.organization_credit_balances b where b.organization_id = v_hold.organization_id;
      update stipend.credit_reservations h
      set status = 'released', idempotency_key = null, charged_credits = 0, ended_at = v_now
      where h.organization_id = v_hold.organization_id and h.id = v_hold.id;
      update stipend.organization_credit_balances b
      set reserved = b.reserved - v_hold.held_credits, open_holds = b.open_holds - 1
      where b.organization_id = v_hold.organization_id;
      perform stipend.give_back_limits(v_hold, v_now);
      return next stipend.standing_outcome(v_hold.organization_id, v_hold.id, i, false);
    else
      return next stipend.standing_outcome(v_hold.organization_id, v_hold.id, i, true);
    end if;
  end loop;
end;
$$;

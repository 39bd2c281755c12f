-- Keeps holds alive while their calls run: renews the lease (at most one hour of age), tells that the call was
-- dispatched, records usage so far, raises the hold under the checks of credits and budgets. Refused, the hold
-- stands. Arrays as in settle_credits(); NULL: leave as it is. Credits in hundredths.
create or replace function stipend.extend_reservations(
  p_wait           boolean,
  p_organizations  text[],
  p_organization   integer[],
  p_id             uuid[],
  p_is_dispatched  boolean[],
  p_credits        bigint[],    -- usage so far, or
  p_cost_nano_usd  bigint[],    -- its cost
  p_model          text[],
  p_usage          jsonb[],
  p_estimate       bigint[]
) returns setof stipend.outcome
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_positions  integer[];
  v_hold       stipend.credit_reservations;
  v_offer      stipend.catalog_offers;
  v_balance    stipend.organization_credit_balances;
  v_out        stipend.outcome;
  v_now        timestamptz;
  v_raise      numeric;
  v_held       numeric;
  v_budget     record;
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
    if v_hold.status <> 'open' then
      v_out := stipend.standing_outcome(v_hold.organization_id, v_hold.id, i, true);
      v_out.code := case v_hold.status when 'released' then 'reservation_released' else 'settle_conflict' end;
      v_out.detail := jsonb_build_object('status', v_hold.status, 'creditsUsed', v_hold.charged_credits);
      return next v_out;
      continue;
    end if;

    select * into strict v_balance
    from stipend.organization_credit_balances b where b.organization_id = v_hold.organization_id;
    select * into strict v_offer from stipend.catalog_offers f where f.id = v_hold.offer_id;
    v_now := stipend.organization_now(v_balance.organization_id, v_balance.ledger_at);

    v_raise := greatest(p_estimate[i] * 0.01 - v_hold.estimated_credits, 0);
    if v_raise > 0 then
      select b.*, w.used, w.held, w.window_start into v_budget
      from unnest(v_hold.budget_ids, v_hold.budget_windows) u(budget_id, window_start)
      join stipend.budgets b on b.organization_id = v_hold.organization_id and b.id = u.budget_id
      join stipend.budget_windows w
        on w.organization_id = b.organization_id and w.budget_id = b.id and w.window_start = u.window_start
      where b.is_hard and w.used + w.held + v_raise > b.limit_credits
      order by b.created_at, b.id
      limit 1;
      if v_budget.id is not null then
        v_out.code := 'budget_exceeded';
        v_out.detail := stipend.budget_refusal(v_hold.organization_id, v_budget.id, v_budget.scope_type, v_budget.scope_id, v_budget.period,
          v_budget.window_start, v_budget.limit_credits, v_budget.used, v_budget.held, v_raise,
          v_hold.estimated_credits + v_raise);
        return next v_out;
        continue;
      end if;
      -- Before a refusal for credits, holds that are due end; this one is being extended.
      if not v_offer.is_unlimited and v_hold.expires_at > v_now and v_balance.holds_due_from <= v_now
        and v_balance.monthly_left + v_balance.bonus - v_balance.debt - v_balance.reserved + v_balance.overdraft_limit
          < v_raise then
        perform stipend.end_due_holds(v_hold.organization_id, 500);
        select * into strict v_balance
        from stipend.organization_credit_balances b where b.organization_id = v_hold.organization_id;
      end if;
      if not v_offer.is_unlimited
        and v_balance.monthly_left + v_balance.bonus - v_balance.debt - v_balance.reserved + v_balance.overdraft_limit
          < v_raise then
        v_out.code := case
          when v_hold.estimated_credits + v_raise
            <= v_balance.monthly_left + v_balance.bonus - v_balance.debt + v_balance.overdraft_limit
          then 'holds_in_flight' else 'insufficient_credits' end;
        v_out.detail := stipend.credit_refusal(v_hold.organization_id, v_raise,
          v_balance.monthly_left + v_balance.bonus - v_balance.debt, v_balance.reserved, v_balance.overdraft_limit,
          v_hold.estimated_credits + v_raise);
        return next v_out;
        continue;
      end if;
      v_held := case when v_offer.is_unlimited then 0 else v_raise end;
      update stipend.organization_credit_balances b set reserved = b.reserved + v_held
      where b.organization_id = v_hold.organization_id;
      update stipend.budget_windows w set held = w.held + v_raise
      from unnest(v_hold.budget_ids, v_hold.budget_windows) u(budget_id, window_start)
      where w.organization_id = v_hold.organization_id and w.budget_id = u.budget_id and w.window_start = u.window_start;
    end if;

    update stipend.credit_reservations h
    set expires_at = greatest(h.expires_at, least(v_now + h.lease_seconds * interval '1 second', h.created_at + interval '1 hour')),
        is_dispatched = h.is_dispatched or coalesce(p_is_dispatched[i], false),
        reported_credits = coalesce(p_credits[i] * 0.01,
          stipend.credits_from_cost(
            p_cost_nano_usd[i] * 0.000000001
              * (10000 + coalesce(v_offer.model_markups[array_position(v_offer.models, p_model[i])], v_offer.model_markups[1], 0))
              * 0.0001,
            v_offer.usd_per_credit, v_offer.credit_increment, v_offer.minimum_charge),
          h.reported_credits),
        reported_cost_usd = coalesce(p_cost_nano_usd[i] * 0.000000001, h.reported_cost_usd),
        reported_usage = coalesce(p_usage[i], h.reported_usage),
        estimated_credits = h.estimated_credits + v_raise,
        held_credits = h.held_credits + coalesce(v_held, 0),
        maximum_credits = greatest(h.maximum_credits, h.estimated_credits + v_raise)
    where h.organization_id = v_hold.organization_id and h.id = v_hold.id;
    v_held := null;
    return next stipend.standing_outcome(v_hold.organization_id, v_hold.id, i, false);
  end loop;
end;
$$;

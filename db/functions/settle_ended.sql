-- internal
-- A settle of a hold that has ended. Released: refused, with an event for the operator. Settled: the first answer,
-- or settle_conflict for other parameters. Expired: posts the difference to the provisional charge, either sign:
-- more is drawn like any charge; less goes back to the pools that paid, debt first, and what lapsed meanwhile
-- comes back as a refund grant. The caller holds the lock.
create or replace function stipend.settle_ended(
  p_request integer, p_organization_id text, p_id uuid, p_credits bigint, p_cost_nano_usd bigint,
  p_model text, p_flags text, p_metadata jsonb, p_settle_hash bytea, p_reply jsonb
) returns stipend.outcome
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hold        stipend.credit_reservations;
  v_offer       stipend.catalog_offers;
  v_balance     stipend.organization_credit_balances;
  v_first       stipend.credit_transactions;
  t             stipend.credit_transactions;
  v_out         stipend.outcome;
  v_charge      numeric;
  v_uncharged   numeric;
  v_difference  numeric;
  v_share       numeric;
  v_grant       record;
  v_rest        numeric;
  v_refund      numeric := 0;
begin
  select * into strict v_hold from stipend.credit_reservations h
  where h.organization_id = p_organization_id and h.id = p_id;
  if v_hold.status <> 'expired' then
    v_out := stipend.standing_outcome(p_organization_id, p_id, p_request, true);
    if v_hold.status = 'released' then
      v_out.code := 'reservation_released';
      perform stipend.emit_event(p_organization_id, 'reservation.settled_after_release',
        jsonb_build_object('reservationId', p_id, 'credits', p_credits * 0.01, 'costUsd', p_cost_nano_usd * 0.000000001),
        clock_timestamp());
    elsif v_hold.settle_hash is distinct from p_settle_hash then
      v_out.code := 'settle_conflict';
    end if;
    if v_out.code is not null then
      v_out.detail := jsonb_build_object('status', v_hold.status, 'creditsUsed', v_hold.charged_credits);
    end if;
    return v_out;
  end if;
  select * into strict v_offer from stipend.catalog_offers f where f.id = v_hold.offer_id;
  select * into strict v_balance from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  select * into v_first from stipend.credit_transactions x
  where x.organization_id = p_organization_id and x.sequence = v_hold.sequence;

  v_charge := coalesce(p_credits * 0.01, stipend.credits_from_cost(
    p_cost_nano_usd * 0.000000001
      * (10000 + coalesce(v_offer.model_markups[array_position(v_offer.models, p_model)], v_offer.model_markups[1], 0)) * 0.0001,
    v_offer.usd_per_credit, v_offer.credit_increment, v_offer.minimum_charge));
  v_uncharged := greatest(v_charge - v_hold.maximum_credits, 0);
  v_charge := v_charge - v_uncharged;
  v_difference := v_charge - v_hold.charged_credits;

  t.organization_id := p_organization_id;
  t.reservation_id := p_id;
  t.plan := v_offer.plan;
  t.capability := v_offer.capability;
  t.quality := v_offer.quality;
  t.model := coalesce(p_model, v_hold.model);
  t.uncharged_credits := v_uncharged;
  t.cost_usd := p_cost_nano_usd * 0.000000001;
  t.flags := array_append(coalesce(p_flags::text[], '{}'), 'late');
  if p_model <> all(v_offer.models) then
    t.flags := array_append(t.flags, 'unlisted_model');
  end if;
  if v_uncharged > 0 then
    t.flags := array_append(t.flags, 'uncharged');
  end if;
  t.actor_type := v_hold.actor_type;
  t.actor_id := v_hold.actor_id;
  t.actor_digest := v_hold.actor_digest;
  t.subject_type := v_hold.subject_type;
  t.subject_id := v_hold.subject_id;
  t.subject_digest := v_hold.subject_digest;
  t.form_id := v_hold.form_id;
  t.provider_metadata := p_metadata;
  t.monthly_amount := 0;
  t.bonus_amount := 0;
  t.debt_amount := 0;

  if v_difference >= 0 then
    t.type := 'ai_consumption';
    if v_offer.is_unlimited then
      t.covered_amount := v_difference;
    else
      select x.monthly_amount, x.bonus_amount, x.debt_amount into t.monthly_amount, t.bonus_amount, t.debt_amount
      from stipend.draw_credits(p_organization_id, v_difference) x;
    end if;
  elsif v_offer.is_unlimited then
    t.type := 'ai_consumption';
    t.covered_amount := v_difference;
  else
    t.type := 'refund';
    v_rest := -v_difference;
    t.debt_amount := least(v_balance.debt, v_rest);
    v_rest := v_rest - t.debt_amount;
    -- The last pool that paid is the first to get back: grants in reverse order of drawing, then monthly.
    for v_grant in
      select g.id, least(x.value::numeric, g.credits - g.remaining) as drawn,
        g.expires_at <= stipend.organization_now(p_organization_id, v_balance.ledger_at) as has_lapsed
      from jsonb_each_text(coalesce(v_hold.grant_draws, '{}')) x
      join stipend.credit_grants g on g.organization_id = p_organization_id and g.id = x.key::uuid
      order by g.priority desc, g.expires_at desc nulls first, g.created_at desc, g.id desc
    loop
      v_share := least(v_rest, v_grant.drawn);
      v_rest := v_rest - v_share;
      if v_grant.has_lapsed then
        v_refund := v_refund + v_share;
        continue;
      end if;
      update stipend.credit_grants g set remaining = g.remaining + v_share, is_live = g.remaining + v_share > 0
      where g.organization_id = p_organization_id and g.id = v_grant.id;
      t.bonus_amount := t.bonus_amount + v_share;
    end loop;
    if v_hold.ended_at >= v_balance.period_start and not exists (
      select from stipend.organization_plans p where p.organization_id = p_organization_id and p.status = 'past_due') then
      t.monthly_amount := least(v_rest, -v_first.monthly_amount);
      v_rest := v_rest - t.monthly_amount;
    end if;
    v_refund := v_refund + v_rest;
    t.bonus_amount := t.bonus_amount + v_refund;
  end if;

  if v_difference <> 0 or v_uncharged > 0 then
    t := stipend.post_transaction(t);
  end if;
  if v_refund > 0 then
    insert into stipend.credit_grants (
      organization_id, id, type, credits, remaining, is_live, sequence, created_at)
    values (p_organization_id, gen_random_uuid(), 'refund', v_refund, v_refund, true, t.sequence, t.created_at);
  end if;

  update stipend.organization_credit_balances b set used_this_period = b.used_this_period + v_difference
  where b.organization_id = p_organization_id;
  update stipend.organization_credit_balances b set next_due_at = least(b.next_due_at,
    (select min(g.expires_at) from stipend.credit_grants g where g.organization_id = p_organization_id and g.is_live))
  where b.organization_id = p_organization_id;
  update stipend.credit_reservations h
  set status = 'settled', charged_credits = v_charge, sequence = coalesce(t.sequence, h.sequence), settle_hash = p_settle_hash
  where h.organization_id = p_organization_id and h.id = p_id;
  if v_hold.budget_ids is not null and v_difference <> 0 then
    perform stipend.add_budget_use(p_organization_id, v_hold.budget_ids, v_hold.budget_windows, v_difference);
  end if;
  if p_reply is not null then
    insert into stipend.reservation_replies (organization_id, reservation_id, reply, created_at)
    values (p_organization_id, p_id, p_reply, coalesce(t.created_at, v_balance.ledger_at));
  end if;

  v_out := stipend.standing_outcome(p_organization_id, p_id, p_request, false);
  return v_out;
end;
$$;

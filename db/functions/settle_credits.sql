-- Ends holds with a charge: monthly credits first, then grants by priority, expiry, age; the rest is debt.
-- Never refused for funds, plan, limits, status or time.
--
-- One element per request in every p_ array; p_organization points into p_organizations (sorted, distinct).
-- p_twin points at the first earlier request of this call for the same reservation (0: none).
-- Either p_credits (hundredths) or p_cost_nano_usd is given. With p_is_expiry the holds end as expired:
-- dispatched ones at their last reported usage, else their input estimate; others uncharged.
create or replace function stipend.settle_credits(
  p_wait           boolean,
  p_is_expiry      boolean,
  p_organizations  text[],
  p_organization   integer[],
  p_id             uuid[],
  p_twin           integer[],
  p_credits        bigint[],
  p_cost_nano_usd  bigint[],
  p_model          text[],     -- catalog key of the model that served
  p_flags          text[],     -- array literals, such as {partial,estimated}
  p_metadata       jsonb[],    -- provider metadata: usage, attempts; never prompts or answers
  p_settle_hash    bytea[],
  p_reply          jsonb[]     -- kept 48 hours for replays of the reservation's key
) returns setof stipend.outcome
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  n  constant integer := cardinality(p_organization);
  -- per locked organization, by its place d in v_positions
  v_positions   integer[];
  v_place       integer[];
  v_balances    stipend.organization_credit_balances[];
  v_now         timestamptz[];
  -- grants of the organization at hand, in the order in which they are drawn
  g_id          uuid[];
  g_remaining   numeric[];
  g_drawn       numeric[];
  g_next        integer;
  v_grants_are_read  boolean;
  -- the organization at hand
  d             integer := 0;
  o             stipend.organization_credit_balances;
  o_now         timestamptz;
  -- what is written at the end
  t_rows        stipend.credit_transactions[] := '{}';
  s_done        boolean[] := array_fill(false, array[n]);
  s_now         timestamptz[] := array_fill(null::timestamptz, array[n]);
  s_charge      numeric[] := array_fill(null::numeric, array[n]);
  s_sequence    bigint[] := array_fill(null::bigint, array[n]);
  s_draws       text[] := array_fill(null::text, array[n]);
  s_outcome     stipend.outcome[] := array_fill(null::stipend.outcome, array[n]);
  v_late        integer[] := '{}';
  v_has_budgets boolean := false;
  -- the request at hand
  r             record;
  t             stipend.credit_transactions;
  t_empty       stipend.credit_transactions;
  v_out         stipend.outcome;
  v_charge      numeric;
  v_uncharged   numeric;
  v_before      numeric;
  v_rest        numeric;
  v_part        numeric;
  v_draws       jsonb;
  i             integer;
begin
  if n = 0 then
    return;
  end if;
  v_positions := stipend.lock_balances(p_organizations, p_wait, false);
  v_place := array_fill(0, array[cardinality(p_organizations)]);
  for i in 1 .. cardinality(v_positions) loop
    v_place[v_positions[i]] := i;
  end loop;

  -- A statement after the lock: its snapshot holds whatever the lock waited for.
  select array_agg(x.balance), array_agg(x.now) into v_balances, v_now
  from (
    select b as balance, greatest(clock_timestamp() + coalesce(c.clock_offset, interval '0'), b.ledger_at) as now
    from unnest(v_positions) with ordinality l(position, d)
    join stipend.organization_credit_balances b on b.organization_id = p_organizations[l.position]
    left join stipend.test_clocks c on c.organization_id = b.organization_id
    order by l.d
  ) x;

  for r in
    select u.ordinal::integer, u.organization, v_place[u.organization] as d, p_organizations[u.organization] as organization_id,
      u.id, u.twin, u.credits, u.cost_nano_usd, u.model, u.flags, u.metadata, u.settle_hash,
      h.status, h.estimated_credits, h.held_credits, h.maximum_credits, h.input_credits, h.is_dispatched,
      h.actor_type, h.actor_id, h.actor_digest, h.subject_type, h.subject_id, h.subject_digest, h.form_id,
      h.budget_ids, h.reported_credits, h.reported_cost_usd, h.reported_usage, h.settle_hash as first_settle_hash,
      h.model as model_asked,
      f.plan, f.capability, f.quality, f.is_unlimited, f.models, f.model_markups,
      f.usd_per_credit, f.credit_increment, f.minimum_charge
    from unnest(p_organization, p_id, p_twin, p_credits, p_cost_nano_usd, p_model, p_flags, p_metadata, p_settle_hash)
      with ordinality u(organization, id, twin, credits, cost_nano_usd, model, flags, metadata, settle_hash, ordinal)
    left join lateral (
      select * from stipend.credit_reservations x
      where x.organization_id = p_organizations[u.organization] and x.id = u.id
      limit 1
    ) h on true
    left join lateral (
      select * from stipend.catalog_offers x where x.id = h.offer_id limit 1
    ) f on true
    order by v_place[u.organization], u.ordinal
  loop
    v_out := null;
    v_out.request := r.ordinal;
    v_out.reservation_id := r.id;
    v_out.is_replay := false;

    if r.d = 0 or r.status is null then
      v_out.code := case
        when r.d = 0 and exists (select from stipend.organizations g where g.id = r.organization_id) then 'skipped'
        else 'reservation_not_found' end;
      v_out.detail := jsonb_build_object('reservationId', r.id);
      return next v_out;
      continue;
    end if;

    if r.d <> d then
      if d > 0 then
        v_balances[d] := o;
        perform stipend.draw_grants(o.organization_id, g_id, g_drawn, o_now);
      end if;
      d := r.d;
      o := v_balances[d];
      o_now := v_now[d];
      g_id := null;
      g_drawn := null;
      v_grants_are_read := false;
    end if;

    if r.twin > 0 and s_done[r.twin] then
      v_out := s_outcome[r.twin];
      v_out.request := r.ordinal;
      v_out.is_replay := true;
      if p_settle_hash[r.twin] <> r.settle_hash then
        v_out.code := 'settle_conflict';
        v_out.detail := jsonb_build_object('status', 'settled', 'creditsUsed', s_charge[r.twin]);
      end if;
      return next v_out;
      continue;
    end if;

    if r.status <> 'open' then
      if r.status = 'expired' and not p_is_expiry then
        v_late := v_late || r.ordinal;
        continue;
      end if;
      v_out := stipend.standing_outcome(r.organization_id, r.id, r.ordinal, true);
      if r.status = 'released' then
        v_out.code := 'reservation_released';
        perform stipend.emit_event(r.organization_id, 'reservation.settled_after_release',
          jsonb_build_object('reservationId', r.id, 'credits', r.credits * 0.01, 'costUsd', r.cost_nano_usd * 0.000000001),
          o_now);
      elsif r.first_settle_hash is distinct from r.settle_hash then
        v_out.code := 'settle_conflict';
      end if;
      if v_out.code is not null then
        v_out.detail := jsonb_build_object('status', r.status, 'creditsUsed', v_out.charged * 0.01);
      end if;
      return next v_out;
      continue;
    end if;

    -- The charge
    if p_is_expiry then
      v_charge := case when r.is_dispatched then coalesce(r.reported_credits, r.input_credits) else 0 end;
    elsif r.credits is not null then
      v_charge := r.credits * 0.01;
    else
      v_charge := stipend.credits_from_cost(
        r.cost_nano_usd * 0.000000001
          * (10000 + coalesce(r.model_markups[array_position(r.models, r.model)], r.model_markups[1], 0)) * 0.0001,
        r.usd_per_credit, r.credit_increment, r.minimum_charge);
    end if;
    v_uncharged := greatest(v_charge - r.maximum_credits, 0);
    v_charge := v_charge - v_uncharged;

    -- The pools
    t := t_empty;
    t.monthly_amount := 0;
    t.bonus_amount := 0;
    t.debt_amount := 0;
    t.covered_amount := 0;
    v_before := o.monthly_left + o.bonus - o.debt;
    v_draws := null;
    if r.is_unlimited then
      t.covered_amount := v_charge;
    elsif o.monthly_left >= v_charge then
      t.monthly_amount := -v_charge;
    else
      t.monthly_amount := -o.monthly_left;
      t.bonus_amount := -least(o.bonus, v_charge - o.monthly_left);
      t.debt_amount := -(v_charge + t.monthly_amount + t.bonus_amount);
      if t.bonus_amount < 0 then
        if not v_grants_are_read then
          select array_agg(x.id), array_agg(x.remaining), array_agg(0::numeric), true
          into g_id, g_remaining, g_drawn, v_grants_are_read
          from (
            select g.id, g.remaining from stipend.credit_grants g
            where g.organization_id = r.organization_id and g.is_live
            order by g.priority, g.expires_at nulls last, g.created_at, g.id
          ) x;
          g_next := 1;
        end if;
        v_rest := -t.bonus_amount;
        while v_rest > 0 loop
          v_part := least(v_rest, g_remaining[g_next]);
          if v_part = 0 then
            g_next := g_next + 1;
            continue;
          end if;
          g_remaining[g_next] := g_remaining[g_next] - v_part;
          g_drawn[g_next] := g_drawn[g_next] + v_part;
          v_rest := v_rest - v_part;
          if p_is_expiry then
            v_draws := coalesce(v_draws, '{}') || jsonb_build_object(g_id[g_next]::text, v_part);
          end if;
        end loop;
      end if;
    end if;
    o.monthly_left := o.monthly_left + t.monthly_amount;
    o.bonus := o.bonus + t.bonus_amount;
    o.debt := o.debt - t.debt_amount;
    o.used_this_period := o.used_this_period + v_charge;
    o.reserved := o.reserved - r.held_credits;
    o.open_holds := o.open_holds - 1;

    -- The ledger row
    if v_charge > 0 or v_uncharged > 0 then
      t.organization_id := r.organization_id;
      t.sequence := o.ledger_sequence + 1;
      t.type := 'ai_consumption';
      t.amount := t.monthly_amount + t.bonus_amount + t.debt_amount;
      t.balance_after := v_before + t.amount;
      t.reservation_id := r.id;
      t.plan := r.plan;
      t.capability := r.capability;
      t.quality := r.quality;
      t.model := coalesce(r.model, r.model_asked, r.models[1]);
      t.estimated_credits := r.estimated_credits;
      t.uncharged_credits := v_uncharged;
      t.cost_usd := case when p_is_expiry then r.reported_cost_usd else r.cost_nano_usd * 0.000000001 end;
      t.flags := coalesce(r.flags::text[], '{}');
      if p_is_expiry then
        t.flags := '{provisional,review}';
      end if;
      if v_uncharged > 0 then
        t.flags := t.flags || 'uncharged'::text;
      end if;
      t.actor_type := r.actor_type;
      t.actor_id := r.actor_id;
      t.actor_digest := r.actor_digest;
      t.subject_type := r.subject_type;
      t.subject_id := r.subject_id;
      t.subject_digest := r.subject_digest;
      t.form_id := r.form_id;
      t.provider_metadata := case when p_is_expiry then r.reported_usage else r.metadata end;
      t.effective_at := o_now;
      t.created_at := o_now;
      t.hash := stipend.transaction_hash(t, o.ledger_hash);
      t_rows[cardinality(t_rows) + 1] := t;
      o.ledger_sequence := t.sequence;
      o.ledger_hash := t.hash;
      o.ledger_at := o_now;
      if v_before >= o.monthly_allocation * o.low_balance_percent * 0.01 or v_before > 0 then
        if t.balance_after <= 0 or t.balance_after < o.monthly_allocation * o.low_balance_percent * 0.01 then
          perform stipend.emit_balance_events(r.organization_id, o.monthly_allocation, o.low_balance_percent,
            v_before, t.balance_after, o_now);
        end if;
      end if;
      s_sequence[r.ordinal] := t.sequence;
    end if;

    s_done[r.ordinal] := true;
    s_now[r.ordinal] := o_now;
    s_charge[r.ordinal] := v_charge;
    s_draws[r.ordinal] := v_draws::text;
    v_has_budgets := v_has_budgets or r.budget_ids is not null;
    if p_is_expiry then
      perform stipend.emit_event(r.organization_id, 'reservation.expired',
        jsonb_build_object('reservationId', r.id, 'creditsUsed', v_charge, 'isDispatched', r.is_dispatched), o_now);
    end if;

    v_out.status := case when p_is_expiry then 'expired' else 'settled' end;
    v_out.estimated := (r.estimated_credits * 100)::bigint;
    v_out.maximum := (r.maximum_credits * 100)::bigint;
    v_out.charged := (v_charge * 100)::bigint;
    v_out.uncharged := (v_uncharged * 100)::bigint;
    v_out.monthly := (-t.monthly_amount * 100)::bigint;
    v_out.bonus := (-t.bonus_amount * 100)::bigint;
    v_out.debt := (-t.debt_amount * 100)::bigint;
    v_out.covered := (t.covered_amount * 100)::bigint;
    v_out.sequence := t.sequence;
    v_out.balance := ((o.monthly_left + o.bonus - o.debt) * 100)::bigint;
    v_out.spendable := case when r.is_unlimited then null
      else ((o.monthly_left + o.bonus - o.debt - o.reserved) * 100)::bigint end;
    v_out.quality := r.quality;
    s_outcome[r.ordinal] := v_out;
    return next v_out;
  end loop;

  if d > 0 then
    v_balances[d] := o;
    perform stipend.draw_grants(o.organization_id, g_id, g_drawn, o_now);
  end if;

  if true = any(s_done) then
    insert into stipend.credit_transactions (
      organization_id, sequence, type, amount, monthly_amount, bonus_amount, debt_amount, covered_amount,
      balance_after, reservation_id, plan, capability, quality, model, estimated_credits, uncharged_credits,
      cost_usd, flags, actor_type, actor_id, actor_digest, subject_type, subject_id, subject_digest, form_id,
      source_id, reason, provider_metadata, payment_metadata, effective_at, created_at, hash)
    select x.organization_id, x.sequence, x.type, x.amount, x.monthly_amount, x.bonus_amount, x.debt_amount,
      x.covered_amount, x.balance_after, x.reservation_id, x.plan, x.capability, x.quality, x.model,
      x.estimated_credits, x.uncharged_credits, x.cost_usd, x.flags, x.actor_type, x.actor_id, x.actor_digest,
      x.subject_type, x.subject_id, x.subject_digest, x.form_id, x.source_id, x.reason, x.provider_metadata,
      x.payment_metadata, x.effective_at, x.created_at, x.hash
    from unnest(t_rows) x;

    update stipend.credit_reservations h
    set status = case when p_is_expiry then 'expired' else 'settled' end,
        charged_credits = u.charge,
        sequence = u.sequence,
        settle_hash = u.settle_hash,
        grant_draws = u.draws::jsonb,
        idempotency_key = case when p_is_expiry and u.charge = 0 then null else h.idempotency_key end,
        ended_at = u.now
    from unnest(s_done, p_organization, p_id, s_charge, s_sequence, p_settle_hash, s_draws, s_now)
      u(is_done, organization, id, charge, sequence, settle_hash, draws, now)
    where u.is_done and h.organization_id = p_organizations[u.organization] and h.id = u.id;

    update stipend.organization_credit_balances b
    set monthly_left = x.monthly_left, bonus = x.bonus, debt = x.debt, reserved = x.reserved,
        used_this_period = x.used_this_period, open_holds = x.open_holds, ledger_sequence = x.ledger_sequence,
        ledger_hash = x.ledger_hash, ledger_at = x.ledger_at
    from unnest(v_balances) x
    where b.organization_id = x.organization_id and b.open_holds <> x.open_holds;

    if v_has_budgets then
      perform stipend.settle_budgets(p_organizations, p_organization, p_id, s_charge, s_done);
    end if;

    insert into stipend.reservation_replies (organization_id, reservation_id, reply, created_at)
    select p_organizations[u.organization], u.id, u.reply, u.now
    from unnest(s_done, p_organization, p_id, p_reply, s_now) u(is_done, organization, id, reply, now)
    where u.is_done and u.reply is not null;
  end if;

  foreach i in array v_late loop
    return next stipend.settle_late(i, p_organizations[p_organization[i]], p_id[i], p_credits[i], p_cost_nano_usd[i],
      p_model[i], p_flags[i], p_metadata[i], p_settle_hash[i], p_reply[i]);
  end loop;
end;
$$;

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
) returns table (
  request integer, code text, detail jsonb, reservation_id uuid, status text, is_replay boolean,
  estimated numeric, maximum numeric, charged numeric, uncharged numeric,
  monthly numeric, bonus numeric, debt numeric, covered numeric, sequence bigint,
  balance numeric, spendable numeric, expires_at_ms bigint, offer_id bigint
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off  -- before 18 a disabled scan seems so dear that every small query is compiled
as $$
#variable_conflict use_column
declare
  n           constant integer := cardinality(p_organization);
  c_no_flags  constant text[] := '{}';
  v_end       constant text := case when p_is_expiry then 'expired' else 'settled' end;
  -- per locked organization, by its place d in v_positions
  v_positions    integer[];
  v_place        integer[];   -- position in p_organizations → d
  v_now          timestamptz[];
  v_monthly      numeric[];
  v_bonus        numeric[];
  v_debt         numeric[];
  v_reserved     numeric[];
  v_used         numeric[];
  v_open         integer[];
  v_low          numeric[];
  v_sequence     bigint[];
  v_hash         bytea[];
  v_allocation   numeric[];
  v_percent      smallint[];
  v_touched      boolean[];
  v_due          text[];
  -- the organization at hand
  d              integer := 0;
  o_now          timestamptz;
  o_monthly      numeric;
  o_bonus        numeric;
  o_debt         numeric;
  o_reserved     numeric;
  o_used         numeric;
  o_open         integer;
  o_low          numeric;
  o_sequence     bigint;
  o_hash         bytea;
  -- its grants, in the order in which they are drawn; read when the monthly credits do not suffice
  g_id           uuid[];
  g_remaining    numeric[];
  g_drawn        numeric[];
  g_next         integer;
  -- what is written at the end, by request
  s_tid          tid[] := array_fill(null::tid, array[n]);   -- NULL: nothing
  s_now          timestamptz[] := array_fill(null::timestamptz, array[n]);
  s_charge       numeric[] := array_fill(null::numeric, array[n]);
  s_uncharged    numeric[] := s_charge;
  s_monthly      numeric[] := s_charge;
  s_bonus        numeric[] := s_charge;
  s_debt         numeric[] := s_charge;
  s_covered      numeric[] := s_charge;
  s_balance      numeric[] := s_charge;
  s_cost_usd     numeric[] := s_charge;
  s_sequence     bigint[] := array_fill(null::bigint, array[n]);   -- NULL: no ledger row
  s_model        text[] := array_fill(null::text, array[n]);
  s_flags        text[] := s_model;
  s_draws        text[] := s_model;
  s_hash         bytea[] := array_fill(null::bytea, array[n]);
  v_settled      integer := 0;
  -- budget windows that counted the ended holds, summed by organization
  c_d            integer[] := '{}';
  c_budget       uuid[] := '{}';
  c_window       timestamptz[] := '{}';
  c_held         numeric[] := '{}';
  c_used         numeric[] := '{}';
  c_first        integer := 1;
  c              integer;
  v_thresholds   jsonb[];
  -- the request at hand
  r              record;
  v_after        integer[] := '{}';   -- requests answered after the writing: late ones and twins
  v_request      integer;
  v_cost         numeric;
  v_before       numeric;
  v_balance      numeric;
  v_rest         numeric;
  v_part         numeric;
  v_flags        text[];
  v_model        text;
  v_draws        jsonb;
begin
  if n = 0 then
    return;
  end if;
  is_replay := false;

  -- Lock and read in one statement, once more where something was due. Every later statement has a snapshot that
  -- holds whatever the lock waited for.
  if p_wait then
    perform stipend.wait_for_balances(p_organizations);
  end if;
  loop
    select array_agg(x.position), array_agg(x.now), array_agg(x.monthly_left), array_agg(x.bonus), array_agg(x.debt),
      array_agg(x.reserved), array_agg(x.used_this_period), array_agg(x.open_holds),
      array_agg(x.monthly_allocation * x.low_balance_percent * 0.01), array_agg(x.ledger_sequence),
      array_agg(x.ledger_hash), array_agg(x.monthly_allocation), array_agg(x.low_balance_percent), array_agg(false),
      array_agg(x.organization_id) filter (where x.next_due_at <= x.now)
    into v_positions, v_now, v_monthly, v_bonus, v_debt, v_reserved, v_used, v_open, v_low, v_sequence, v_hash,
      v_allocation, v_percent, v_touched, v_due
    from (
      select b.*, o.position::integer,
        greatest(clock_timestamp() + coalesce(t.clock_offset, interval '0'), b.ledger_at) as now
      from unnest(p_organizations) with ordinality o(organization_id, position)
      join stipend.organization_credit_balances b on b.organization_id = o.organization_id
      left join stipend.test_clocks t on t.organization_id = o.organization_id
      order by o.position
      for update of b skip locked
    ) x;
    exit when v_due is null;
    perform stipend.write_due(v_due, false);
  end loop;
  v_place := array_fill(0, array[cardinality(p_organizations)]);
  for i in 1 .. coalesce(cardinality(v_positions), 0) loop
    v_place[v_positions[i]] := i;
  end loop;

  for r in
    select u.ordinal::integer, v_place[u.organization] as d, p_organizations[u.organization] as organization_id,
      u.id, u.twin, u.credits, u.cost_nano_usd, u.model, case when u.model <> all(f.models) then stipend.add_flag(u.flags, 'unlisted_model') else u.flags end as flags, u.metadata,
      h.tid, h.created_at, h.status, h.estimated_credits, h.held_credits, h.maximum_credits, h.input_credits,
      h.is_dispatched, h.actor_type, h.actor_id, h.actor_digest, h.subject_type, h.subject_id, h.subject_digest,
      h.form_id, h.budget_ids, h.budget_windows, h.reported_credits, h.reported_cost_usd, h.reported_usage, h.model as model_asked,
      f.plan, f.capability, f.quality, f.is_unlimited, f.models, f.model_markups,
      f.usd_per_credit, f.credit_increment, f.minimum_charge
    from unnest(p_organization, p_id, p_twin, p_credits, p_cost_nano_usd, p_model, p_flags, p_metadata)
      with ordinality u(organization, id, twin, credits, cost_nano_usd, model, flags, metadata, ordinal)
    left join lateral (
      select x.ctid as tid, x.* from stipend.credit_reservations x
      where x.organization_id = p_organizations[u.organization] and x.id = u.id
      limit 1
    ) h on true
    left join lateral (
      select * from stipend.catalog_offers x where x.id = h.offer_id limit 1
    ) f on true
    order by v_place[u.organization], u.ordinal
  loop
    if r.d = 0 or r.status is null then
      request := r.ordinal;
      reservation_id := r.id;
      code := case
        when r.d = 0 and exists (select from stipend.organizations g where g.id = r.organization_id) then 'skipped'
        else 'reservation_not_found' end;
      detail := jsonb_build_object('reservationId', r.id);
      return next;
      code := null;
      detail := null;
      continue;
    end if;

    -- Whatever has ended answers from what stands after this call.
    if r.twin > 0 or r.status <> 'open' then
      v_after := v_after || r.ordinal;
      continue;
    end if;

    if r.d <> d then
      if d > 0 then
        v_monthly[d] := o_monthly;
        v_bonus[d] := o_bonus;
        v_debt[d] := o_debt;
        v_reserved[d] := o_reserved;
        v_used[d] := o_used;
        v_open[d] := o_open;
        v_sequence[d] := o_sequence;
        v_hash[d] := o_hash;
        if g_id is not null then
          perform stipend.draw_grants(p_organizations[v_positions[d]], g_id, g_drawn);
        end if;
      end if;
      d := r.d;
      o_now := v_now[d];
      o_monthly := v_monthly[d];
      o_bonus := v_bonus[d];
      o_debt := v_debt[d];
      o_reserved := v_reserved[d];
      o_used := v_used[d];
      o_open := v_open[d];
      o_low := v_low[d];
      o_sequence := v_sequence[d];
      o_hash := v_hash[d];
      v_touched[d] := true;
      c_first := cardinality(c_d) + 1;
      g_id := null;
    end if;

    -- The charge
    if p_is_expiry then
      charged := case when r.is_dispatched then coalesce(r.reported_credits, r.input_credits) else 0 end;
      v_cost := r.reported_cost_usd;
    elsif r.credits is not null then
      charged := r.credits * 0.01;
      v_cost := r.cost_nano_usd * 0.000000001;
    else
      v_cost := r.cost_nano_usd * 0.000000001;
      v_part := v_cost
        * (10000 + coalesce(r.model_markups[array_position(r.models, r.model)], r.model_markups[1], 0)) * 0.0001;
      charged := stipend.credits_from_cost(v_part, r.usd_per_credit, r.credit_increment, r.minimum_charge);
    end if;
    uncharged := 0.00;
    if charged > r.maximum_credits then
      uncharged := charged - r.maximum_credits;
      charged := r.maximum_credits;
    end if;

    -- The pools: monthly, grants, debt
    v_before := o_monthly + o_bonus - o_debt;
    monthly := 0.00;
    bonus := 0.00;
    debt := 0.00;
    covered := 0.00;
    if r.is_unlimited then
      covered := charged;
    elsif o_monthly >= charged then
      monthly := charged;
      o_monthly := o_monthly - charged;
    else
      monthly := o_monthly;
      bonus := least(o_bonus, charged - monthly);
      debt := charged - monthly - bonus;
      o_monthly := 0.00;
      o_bonus := o_bonus - bonus;
      o_debt := o_debt + debt;
      if bonus > 0 then
        if g_id is null then
          select array_agg(x.id), array_agg(x.remaining), array_agg(0::numeric)
          into g_id, g_remaining, g_drawn
          from (
            select g.id, g.remaining from stipend.credit_grants g
            where g.organization_id = r.organization_id and g.is_live
            order by g.priority, g.expires_at nulls last, g.created_at, g.id
          ) x;
          g_next := 1;
        end if;
        v_rest := bonus;
        v_draws := null;
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
        s_draws[r.ordinal] := v_draws::text;
      end if;
    end if;
    o_used := o_used + charged;
    o_reserved := o_reserved - r.held_credits;
    o_open := o_open - 1;
    balance := o_monthly + o_bonus - o_debt;

    -- The ledger row
    sequence := null;
    if charged > 0 or uncharged > 0 then
      o_sequence := o_sequence + 1;
      sequence := o_sequence;
      v_flags := c_no_flags;
      if r.flags is not null or p_is_expiry or uncharged > 0 then
        v_flags := case when p_is_expiry then '{provisional,review}' else coalesce(r.flags, '{}') end;
        if uncharged > 0 then
          v_flags := v_flags || 'uncharged'::text;
        end if;
        s_flags[r.ordinal] := v_flags::text;
      end if;
      v_model := coalesce(r.model, r.model_asked);
      o_hash := stipend.transaction_hash(
        o_hash, r.organization_id, o_sequence, 'ai_consumption', covered - charged, -monthly, -bonus, -debt, covered,
        balance, r.id, r.plan, r.capability, r.quality, v_model, r.estimated_credits, uncharged, v_cost, v_flags,
        r.actor_type, r.actor_id, r.actor_digest, r.subject_type, r.subject_id, r.subject_digest, r.form_id,
        null, null, case when p_is_expiry then r.reported_usage else r.metadata end, null, o_now, o_now);
      s_sequence[r.ordinal] := o_sequence;
      s_monthly[r.ordinal] := -monthly;
      s_bonus[r.ordinal] := -bonus;
      s_debt[r.ordinal] := -debt;
      s_covered[r.ordinal] := covered;
      s_uncharged[r.ordinal] := uncharged;
      s_balance[r.ordinal] := balance;
      s_cost_usd[r.ordinal] := v_cost;
      s_model[r.ordinal] := v_model;
      s_hash[r.ordinal] := o_hash;
      if (v_before >= o_low and balance < o_low) or (v_before > 0 and balance <= 0) then
        perform stipend.emit_balance_events(
          r.organization_id, v_allocation[d], v_percent[d], v_before, balance, o_now);
      end if;
    end if;

    v_settled := v_settled + 1;
    s_tid[r.ordinal] := r.tid;
    s_now[r.ordinal] := o_now;
    s_charge[r.ordinal] := charged;
    if r.budget_ids is not null then
      for i in 1 .. cardinality(r.budget_ids) loop
        c := c_first;
        while c <= cardinality(c_d) and (c_budget[c] <> r.budget_ids[i] or c_window[c] <> r.budget_windows[i]) loop
          c := c + 1;
        end loop;
        if c > cardinality(c_d) then
          c_d[c] := d;
          c_budget[c] := r.budget_ids[i];
          c_window[c] := r.budget_windows[i];
          c_held[c] := r.estimated_credits;
          c_used[c] := charged;
        else
          c_held[c] := c_held[c] + r.estimated_credits;
          c_used[c] := c_used[c] + charged;
        end if;
      end loop;
    end if;
    if p_is_expiry then
      perform stipend.emit_event(r.organization_id, 'reservation.expired',
        jsonb_build_object('reservationId', r.id, 'creditsUsed', charged, 'isDispatched', r.is_dispatched), o_now);
    end if;

    request := r.ordinal;
    reservation_id := r.id;
    status := v_end;
    estimated := r.estimated_credits;
    maximum := r.maximum_credits;
    spendable := case when not r.is_unlimited then balance - o_reserved end;
    return next;
  end loop;

  if v_settled > 0 then
    v_monthly[d] := o_monthly;
    v_bonus[d] := o_bonus;
    v_debt[d] := o_debt;
    v_reserved[d] := o_reserved;
    v_used[d] := o_used;
    v_open[d] := o_open;
    v_sequence[d] := o_sequence;
    v_hash[d] := o_hash;
    if g_id is not null then
      perform stipend.draw_grants(p_organizations[v_positions[d]], g_id, g_drawn);
    end if;

    insert into stipend.credit_transactions (
      organization_id, sequence, type, amount, monthly_amount, bonus_amount, debt_amount, covered_amount,
      balance_after, reservation_id, plan, capability, quality, model, estimated_credits, uncharged_credits,
      cost_usd, flags, actor_type, actor_id, actor_digest, subject_type, subject_id, subject_digest, form_id,
      provider_metadata, effective_at, created_at, hash)
    select h.organization_id, u.sequence, 'ai_consumption', u.monthly + u.bonus + u.debt, u.monthly, u.bonus, u.debt,
      u.covered, u.balance, h.id, f.plan, f.capability, f.quality, u.model, h.estimated_credits, u.uncharged,
      u.cost_usd, coalesce(u.flags::text[], c_no_flags), h.actor_type, h.actor_id, h.actor_digest, h.subject_type, h.subject_id,
      h.subject_digest, h.form_id, case when p_is_expiry then h.reported_usage else u.metadata end, u.now, u.now, u.hash
    from unnest(s_tid, s_sequence, s_monthly, s_bonus, s_debt, s_covered, s_balance, s_uncharged, s_cost_usd, s_model,
      s_flags, s_now, s_hash, p_metadata)
      u(tid, sequence, monthly, bonus, debt, covered, balance, uncharged, cost_usd, model, flags, now, hash, metadata)
    join stipend.credit_reservations h on h.ctid = u.tid
    join stipend.catalog_offers f on f.id = h.offer_id
    where u.sequence is not null;

    -- By place: nobody else touches these rows under the organization's lock.
    update stipend.credit_reservations h
    set status = v_end,
        charged_credits = u.charge,
        sequence = u.sequence,
        settle_hash = u.settle_hash,
        grant_draws = u.draws::jsonb,
        idempotency_key = case when p_is_expiry and u.charge = 0 then null else h.idempotency_key end,
        ended_at = u.now
    from unnest(s_tid, s_charge, s_sequence, p_settle_hash, s_draws, s_now)
      u(tid, charge, sequence, settle_hash, draws, now)
    where h.ctid = u.tid;

    update stipend.organization_credit_balances b
    set monthly_left = u.monthly, bonus = u.bonus, debt = u.debt, reserved = u.reserved, used_this_period = u.used,
        open_holds = u.open_holds, ledger_sequence = u.sequence, ledger_hash = u.hash,
        ledger_at = case when u.sequence > b.ledger_sequence then u.now else b.ledger_at end
    from unnest(v_positions, v_touched, v_now, v_monthly, v_bonus, v_debt, v_reserved, v_used, v_open, v_sequence, v_hash)
      u(position, is_touched, now, monthly, bonus, debt, reserved, used, open_holds, sequence, hash)
    where u.is_touched and b.organization_id = p_organizations[u.position];

    -- Budgets: from held to used, and an event where one passes 80 or 100 %.
    if cardinality(c_d) > 0 then
      with written as (
        update stipend.budget_windows w set held = w.held - u.held, used = w.used + u.used
        from unnest(c_d, c_budget, c_window, c_held, c_used) u(d, budget_id, window_start, held, used)
        join stipend.budgets x on x.organization_id = p_organizations[v_positions[u.d]] and x.id = u.budget_id
        where w.organization_id = x.organization_id and w.budget_id = u.budget_id and w.window_start = u.window_start
        returning w.organization_id, w.budget_id, w.window_start, w.used, w.used - u.used as used_before,
          x.limit_credits, x.scope_type, x.scope_id, x.period
      )
      select array_agg(jsonb_build_array(w.organization_id, jsonb_build_object(
        'budgetId', w.budget_id, 'scopeType', w.scope_type, 'scopeId', w.scope_id, 'period', w.period,
        'windowStart', w.window_start, 'percent', x.percent, 'used', w.used, 'limit', w.limit_credits)))
      into v_thresholds
      from written w join (values (0.8, 80), (1.0, 100)) x(share, percent)
        on w.used_before < w.limit_credits * x.share and w.used >= w.limit_credits * x.share;
      if v_thresholds is not null then
        perform stipend.emit_event(x ->> 0, 'budget.threshold', x -> 1, clock_timestamp()) from unnest(v_thresholds) x;
      end if;
    end if;

    if num_nonnulls(variadic p_reply) > 0 then
      insert into stipend.reservation_replies (organization_id, reservation_id, reply, created_at)
      select p_organizations[u.organization], u.id, u.reply, u.now
      from unnest(s_tid, p_organization, p_id, p_reply, s_now) u(tid, organization, id, reply, now)
      where u.tid is not null and u.reply is not null;
    end if;
  end if;

  if not p_is_expiry then
    foreach v_request in array v_after loop
      return query select x.* from stipend.settle_ended(
        v_request, p_organizations[p_organization[v_request]], p_id[v_request], p_credits[v_request],
        p_cost_nano_usd[v_request], p_model[v_request], p_flags[v_request], p_metadata[v_request],
        p_settle_hash[v_request], p_reply[v_request]) x;
    end loop;
  end if;
end;
$$;

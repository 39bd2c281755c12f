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
  -- the locked organizations, by their place d
  v_positions    integer[];
  v_place        integer[] := array_fill(0, array[cardinality(p_organizations)]);   -- position in p_organizations → d
  v_now          timestamptz[];
  v_balances     stipend.organization_credit_balances[];
  v_due          text[];
  -- the organization at hand
  d              integer := 0;
  o              stipend.organization_credit_balances;
  o_now          timestamptz;
  o_low          numeric;
  -- its grants, in the order in which they are drawn; read when the monthly credits do not suffice
  g_id           uuid[];
  g_remaining    numeric[];
  g_drawn        numeric[];
  g_next         integer;
  -- what is written at the end: ledger rows, and of each ended hold its place and charge
  s_rows         stipend.credit_transactions[];
  s_tid          tid[];
  s_request      integer[];
  s_now          timestamptz[];
  s_charge       numeric[];
  s_sequence     bigint[];   -- NULL: no ledger row
  s_draws        jsonb[];
  v_posted       integer := 0;
  v_settled      integer := 0;
  -- budget windows that counted the ended holds, summed by organization
  c_d            integer[] := '{}';
  c_budget       uuid[];
  c_window       timestamptz[];
  c_held         numeric[];
  c_used         numeric[];
  c_first        integer := 1;
  c              integer;
  v_thresholds   jsonb[];
  -- the request at hand
  r              record;
  v_after        integer[] := '{}';   -- requests answered after the writing: late ones and twins
  v_request      integer;
  v_cost         numeric;
  v_before       numeric;
  v_rest         numeric;
  v_part         numeric;
  v_flags        text[];
  v_model        text;
  v_metadata     jsonb;
  v_draws        jsonb;
begin
  if n = 0 then
    return;
  end if;
  is_replay := false;
  status := v_end;

  -- Lock and read in one statement, once more where something was due. Every later statement has a snapshot that
  -- holds whatever the lock waited for.
  if p_wait then
    perform stipend.wait_for_balances(p_organizations);
  end if;
  loop
    select array_agg(x.position), array_agg(x.now), array_agg(x.balance),
      array_agg((x.balance).organization_id) filter (where (x.balance).next_due_at <= x.now)
    into v_positions, v_now, v_balances, v_due
    from (
      select u.position, b as balance,
        greatest(clock_timestamp() + coalesce(t.clock_offset, interval '0'), b.ledger_at) as now
      from unnest(p_organizations) with ordinality u(organization_id, position)
      join stipend.organization_credit_balances b on b.organization_id = u.organization_id
      left join stipend.test_clocks t on t.organization_id = b.organization_id
      for update of b skip locked
    ) x;
    exit when v_due is null;
    perform stipend.write_due(v_due, false);
  end loop;
  for i in 1 .. coalesce(cardinality(v_positions), 0) loop
    v_place[v_positions[i]] := i;
  end loop;

  for r in
    select u.i::integer, v_place[u.organization] as d, p_organizations[u.organization] as organization_id,
      p_id[u.i] as id, h.tid, h.status, h.estimated_credits, h.held_credits, h.maximum_credits, h.input_credits,
      h.is_dispatched, h.actor_type, h.actor_id, h.actor_digest, h.subject_type, h.subject_id, h.subject_digest,
      h.form_id, h.budget_ids, h.budget_windows, h.reported_credits, h.reported_cost_usd, h.reported_usage,
      h.model as model_asked, f.plan, f.capability, f.quality, f.is_unlimited, f.models, f.model_markups,
      f.usd_per_credit, f.credit_increment, f.minimum_charge
    from unnest(p_organization) with ordinality u(organization, i)
    left join lateral (
      select x.ctid as tid, x.status, x.offer_id, x.estimated_credits, x.held_credits, x.maximum_credits,
        x.input_credits, x.is_dispatched, x.actor_type, x.actor_id, x.actor_digest, x.subject_type, x.subject_id,
        x.subject_digest, x.form_id, x.budget_ids, x.budget_windows, x.reported_credits, x.reported_cost_usd,
        x.reported_usage, x.model
      from stipend.credit_reservations x
      where x.organization_id = p_organizations[u.organization] and x.id = p_id[u.i]
      limit 1
    ) h on true
    left join lateral (
      select x.plan, x.capability, x.quality, x.is_unlimited, x.models, x.model_markups, x.usd_per_credit,
        x.credit_increment, x.minimum_charge
      from stipend.catalog_offers x where x.id = h.offer_id limit 1
    ) f on true
    order by v_place[u.organization], u.i
  loop
    request := r.i;
    reservation_id := r.id;
    if r.d = 0 or r.status is null then
      return query select r.i, case
          when r.d = 0 and exists (select from stipend.organizations g where g.id = r.organization_id) then 'skipped'
          else 'reservation_not_found' end,
        jsonb_build_object('reservationId', r.id), r.id, null::text, false, null::numeric, null::numeric,
        null::numeric, null::numeric, null::numeric, null::numeric, null::numeric, null::numeric, null::bigint,
        null::numeric, null::numeric, null::bigint, null::bigint;
      continue;
    end if;

    -- Whatever has ended answers from what stands after this call.
    if p_twin[r.i] > 0 or r.status <> 'open' then
      v_after := v_after || r.i;
      continue;
    end if;

    if r.d <> d then
      if d > 0 then
        v_balances[d] := o;
        if g_id is not null then
          perform stipend.draw_grants(o.organization_id, g_id, g_drawn);
        end if;
      end if;
      d := r.d;
      o := v_balances[d];
      o_now := v_now[d];
      o_low := o.monthly_allocation * o.low_balance_percent * 0.01;
      c_first := cardinality(c_d) + 1;
      g_id := null;
    end if;

    -- The charge
    if p_is_expiry then
      charged := case when r.is_dispatched then coalesce(r.reported_credits, r.input_credits) else 0 end;
      v_cost := r.reported_cost_usd;
      v_model := r.model_asked;
      v_metadata := r.reported_usage;
    else
      v_cost := p_cost_nano_usd[r.i] * 0.000000001;
      charged := p_credits[r.i] * 0.01;
      if charged is null then
        v_part := v_cost
          * (10000 + coalesce(r.model_markups[array_position(r.models, p_model[r.i])], r.model_markups[1], 0)) * 0.0001;
        charged := stipend.credits_from_cost(v_part, r.usd_per_credit, r.credit_increment, r.minimum_charge);
      end if;
      v_model := coalesce(p_model[r.i], r.model_asked);
      v_metadata := p_metadata[r.i];
    end if;
    uncharged := 0.00;
    if charged > r.maximum_credits then
      uncharged := charged - r.maximum_credits;
      charged := r.maximum_credits;
    end if;

    -- The pools: monthly, grants, debt
    v_before := o.monthly_left + o.bonus - o.debt;
    monthly := 0.00;
    bonus := 0.00;
    debt := 0.00;
    covered := 0.00;
    v_draws := null;
    if r.is_unlimited then
      covered := charged;
    elsif o.monthly_left >= charged then
      monthly := charged;
      o.monthly_left := o.monthly_left - charged;
    else
      monthly := o.monthly_left;
      bonus := least(o.bonus, charged - monthly);
      debt := charged - monthly - bonus;
      o.monthly_left := 0.00;
      o.bonus := o.bonus - bonus;
      o.debt := o.debt + debt;
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
    o.used_this_period := o.used_this_period + charged;
    o.reserved := o.reserved - r.held_credits;
    o.open_holds := o.open_holds - 1;
    balance := o.monthly_left + o.bonus - o.debt;

    -- The ledger row
    sequence := null;
    if charged > 0 or uncharged > 0 then
      sequence := o.ledger_sequence + 1;
      v_flags := case when p_is_expiry then '{provisional,review}' else coalesce(p_flags[r.i]::text[], c_no_flags) end;
      if p_model[r.i] <> all (r.models) then
        v_flags := v_flags || 'unlisted_model'::text;
      end if;
      if uncharged > 0 then
        v_flags := v_flags || 'uncharged'::text;
      end if;
      o.ledger_sequence := sequence;
      o.ledger_at := o_now;
      o.ledger_hash := stipend.transaction_hash(
        o.ledger_hash, r.organization_id, sequence, 'ai_consumption', covered - charged, -monthly, -bonus, -debt,
        covered, balance, r.id, r.plan, r.capability, r.quality, v_model, r.estimated_credits, uncharged, v_cost,
        v_flags, r.actor_type, r.actor_id, r.actor_digest, r.subject_type, r.subject_id, r.subject_digest, r.form_id,
        null, null, v_metadata, null, o_now, o_now);
      v_posted := v_posted + 1;
      s_rows[v_posted] := row(
        r.organization_id, sequence, 'ai_consumption', covered - charged, -monthly, -bonus, -debt, covered, balance,
        r.id, r.plan, r.capability, r.quality, v_model, r.estimated_credits, null, uncharged, v_cost, v_flags,
        r.actor_type, r.actor_id, r.actor_digest, r.subject_type, r.subject_id, r.subject_digest, r.form_id,
        null, null, v_metadata, null, o_now, o_now, o.ledger_hash)::stipend.credit_transactions;
      if (v_before >= o_low and balance < o_low) or (v_before > 0 and balance <= 0) then
        perform stipend.emit_balance_events(
          r.organization_id, o.monthly_allocation, o.low_balance_percent, v_before, balance, o_now);
      end if;
    end if;

    v_settled := v_settled + 1;
    s_request[v_settled] := r.i;
    s_tid[v_settled] := r.tid;
    s_now[v_settled] := o_now;
    s_charge[v_settled] := charged;
    s_sequence[v_settled] := sequence;
    if v_draws is not null then
      s_draws[v_settled] := v_draws;
    end if;
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

    estimated := r.estimated_credits;
    maximum := r.maximum_credits;
    spendable := case when not r.is_unlimited then balance - o.reserved end;
    return next;
  end loop;

  if v_settled > 0 then
    v_balances[d] := o;
    if g_id is not null then
      perform stipend.draw_grants(o.organization_id, g_id, g_drawn);
    end if;

    if v_posted > 0 then
      insert into stipend.credit_transactions (
        organization_id, sequence, type, amount, monthly_amount, bonus_amount, debt_amount, covered_amount,
        balance_after, reservation_id, plan, capability, quality, model, estimated_credits, uncharged_credits,
        cost_usd, flags, actor_type, actor_id, actor_digest, subject_type, subject_id, subject_digest, form_id,
        provider_metadata, effective_at, created_at, hash)
      select t.organization_id, t.sequence, t.type, t.amount, t.monthly_amount, t.bonus_amount, t.debt_amount,
        t.covered_amount, t.balance_after, t.reservation_id, t.plan, t.capability, t.quality, t.model,
        t.estimated_credits, t.uncharged_credits, t.cost_usd, t.flags, t.actor_type, t.actor_id, t.actor_digest,
        t.subject_type, t.subject_id, t.subject_digest, t.form_id, t.provider_metadata, t.effective_at, t.created_at,
        t.hash
      from unnest(s_rows) t;
    end if;

    -- By place: nobody else touches these rows under the organization's lock.
    update stipend.credit_reservations h
    set status = v_end,
        charged_credits = s_charge[u.i],
        sequence = s_sequence[u.i],
        settle_hash = p_settle_hash[s_request[u.i]],
        grant_draws = s_draws[u.i],
        idempotency_key = case when p_is_expiry and s_charge[u.i] = 0 then null else h.idempotency_key end,
        ended_at = s_now[u.i]
    from unnest(s_tid) with ordinality u(tid, i)
    where h.ctid = u.tid;

    update stipend.organization_credit_balances b
    set monthly_left = u.monthly_left, bonus = u.bonus, debt = u.debt, reserved = u.reserved,
        used_this_period = u.used_this_period, open_holds = u.open_holds, ledger_sequence = u.ledger_sequence,
        ledger_hash = u.ledger_hash, ledger_at = u.ledger_at
    from unnest(v_balances) u
    where b.organization_id = u.organization_id and b.open_holds <> u.open_holds;

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
      select p_organizations[p_organization[u.request]], p_id[u.request], p_reply[u.request], u.now
      from unnest(s_request, s_now) u(request, now)
      where p_reply[u.request] is not null;
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

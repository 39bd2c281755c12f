-- The decision: admits or refuses each request of a batch and holds the estimated credits of the admitted.
--
-- One element per request in every p_ array; p_organization points into p_organizations (sorted, distinct).
-- p_twin points at the previous request of this call with the same organization and key (0: none).
-- Requests of one organization are decided in the order given. Credits in hundredths.
-- Without p_wait, requests of organizations locked by somebody else answer 'skipped'.
create or replace function stipend.reserve_credits(
  p_wait              boolean,
  p_is_retry          boolean,    -- a reply was lost: ids that exist answer as admitted
  p_organizations     text[],
  p_organization      integer[],
  p_id                uuid[],
  p_key               text[],
  p_twin              integer[],
  p_parameter_hash    bytea[],
  p_capability        text[],
  p_quality           text[],     -- NULL: the plan's default
  p_model             text[],     -- NULL: the plan's list
  p_estimate          bigint[],   -- NULL: from tokens, else the catalog's
  p_input_tokens      integer[],
  p_output_tokens     integer[],  -- the host's own cap
  p_lease_seconds     integer[],
  p_is_dispatched     boolean[],
  p_is_dry_run        boolean[],  -- decide, hold nothing
  p_remote_by         text[],     -- 'type:id' of who ends it over HTTP; NULL: the server's own call
  p_actor_type        text[],
  p_actor_id          text[],
  p_actor_digest      bytea[],
  p_subject_type      text[],
  p_subject_id        text[],
  p_subject_digest    bytea[],
  p_form_id           text[],
  p_customer_limits   jsonb[],    -- [{"key", "limit"}, …] over the last 24 hours
  p_parties           jsonb       -- names seen for the first time: [{organizationId, digest, salt, type, id, name, email}, …]
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
  n  constant integer := cardinality(p_organization);
  -- the locked organizations, by their place d
  v_positions      integer[];
  v_place          integer[] := array_fill(0, array[cardinality(p_organizations)]);   -- position in p_organizations → d
  v_now            timestamptz[];
  v_balances       stipend.organization_credit_balances[];
  v_has_budgets    boolean;
  v_due            text[];
  v_is_caught_up   boolean := false;
  -- their budgets, in the order of d
  b_d              integer[];
  b_id             uuid[];
  b_scope_type     text[];
  b_scope_id       text[];
  b_window         timestamptz[];
  b_room           numeric[];   -- what may be held; NULL: soft
  b_taken          numeric[];   -- held by this call
  b_first          integer := 1;
  b_last           integer := 0;
  -- rate windows that this call looked at, as they were, and how often each counted
  w_rows           stipend.rate_windows[];
  w_count          integer[] := '{}';
  w_first          integer;
  w                integer;
  v_window         stipend.rate_windows;
  -- the organization at hand
  d                integer := 0;
  o                stipend.organization_credit_balances;
  o_now            timestamptz;
  o_ms             bigint;
  o_balance        numeric;
  o_counting       integer[];   -- the last request's budgets
  o_budget_ids     uuid[];
  o_budget_windows timestamptz[];
  -- what was decided
  a_rows           stipend.credit_reservations[];
  a_holder         integer[] := array_fill(null::integer, array[n]);   -- who holds the key after a request
  v_admitted       integer := 0;
  -- the request at hand
  r                record;
  i                integer := 0;
  j                integer;
  v_holder         integer;
  v_standing       stipend.outcome;
  v_counting       integer[];   -- places in b_ of the budgets that count the request
  v_shadow_code    text;        -- shadow mode: what would have refused it,
  v_shadow_offer   bigint;      -- and what it is held by
  v_shadow_quality text;
  v_shadow_estimated numeric;
  v_shadow_maximum numeric;
  v_shadow_input   numeric;
  v_output_tokens  integer;     -- the answer is shortened to so many; NULL: it is not
  v_held           numeric;
  v_expires        timestamptz;
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
    select array_agg(x.position), array_agg(x.now), array_agg(x.balance), bool_or((x.balance).has_budgets),
      array_agg((x.balance).organization_id) filter (
        where least((x.balance).next_due_at, case when (x.balance).open_holds > 0 then (x.balance).holds_due_from end)
          <= x.now)
    into v_positions, v_now, v_balances, v_has_budgets, v_due
    from (
      select u.position, b as balance,
        greatest(clock_timestamp() + coalesce(t.clock_offset, interval '0'), b.ledger_at) as now
      from unnest(p_organizations) with ordinality u(organization_id, position)
      join stipend.organization_credit_balances b on b.organization_id = u.organization_id
      left join stipend.test_clocks t on t.organization_id = b.organization_id
      for update of b skip locked
    ) x;
    exit when v_due is null or v_is_caught_up;
    perform stipend.write_due(v_due, true);
    v_is_caught_up := true;
  end loop;
  for j in 1 .. coalesce(cardinality(v_positions), 0) loop
    v_place[v_positions[j]] := j;
  end loop;

  if v_has_budgets then
    select array_agg(x.d), array_agg(x.id), array_agg(x.scope_type), array_agg(x.scope_id), array_agg(x.window_start),
      array_agg(case when x.is_hard then x.limit_credits - x.used - x.held end), array_agg(0::numeric)
    into b_d, b_id, b_scope_type, b_scope_id, b_window, b_room, b_taken
    from (
      select l.d, b.id, b.scope_type, b.scope_id, b.is_hard, b.limit_credits, s.window_start,
        coalesce(u.used, 0) as used, coalesce(u.held, 0) as held
      from unnest(v_positions) with ordinality l(position, d)
      join stipend.budgets b on b.organization_id = p_organizations[l.position]
      cross join lateral (select stipend.budget_window_start(b.period, v_now[l.d])) s(window_start)
      left join stipend.budget_windows u
        on u.organization_id = b.organization_id and u.budget_id = b.id and u.window_start = s.window_start
      where (v_balances[l.d]).has_budgets
      order by l.d, b.created_at, b.id
    ) x;
  end if;

  for r in
    select u.i::integer, v_place[u.organization] as d, p_organizations[u.organization] as organization_id,
      o.id as offer_id, o.is_unlimited, o.rate_limit_rpm, o.rate_limit_rph, o.rate_limit_rpd,
      coalesce(o.capability_is_enabled and o.plan_is_enabled and cardinality(o.models) > 0
        and (p_model[u.i] is null or p_model[u.i] = any(o.models)), false) as is_offered,
      coalesce(o.rate_limit_rpm, o.rate_limit_rph, o.rate_limit_rpd) is not null as is_rate_limited,
      coalesce(p_estimate[u.i] * 0.01, e.expected, o.estimated_credits) as estimated,
      case when p_estimate[u.i] is null and not o.is_unlimited then e.worst_case end as worst_case,
      greatest(coalesce(e.worst_case, 10 * coalesce(p_estimate[u.i] * 0.01, o.estimated_credits)), p_estimate[u.i] * 0.01)
        as maximum,
      coalesce(e.input, p_estimate[u.i] * 0.01, o.estimated_credits) as input,
      k.id as key_id, k.parameter_hash as key_hash, k.status as key_status, k.expires_at as key_expires_at,
      c.minute_bucket, c.minute_count, c.minute_previous, c.hour_bucket, c.hour_count, c.hour_previous,
      c.day_bucket, c.day_count, c.day_previous
    from unnest(p_organization, p_key) with ordinality u(organization, key, i)
    left join lateral (
      select f.id, f.is_unlimited, f.capability_is_enabled, f.plan_is_enabled, f.rate_limit_rpm, f.rate_limit_rph,
        f.rate_limit_rpd, f.estimated_credits, f.output_cap, f.models, f.input_usd_per_million,
        f.output_usd_per_million, f.usd_per_credit, f.credit_increment, f.minimum_charge, f.expected_output_tokens
      from stipend.catalog_offers f
      where f.is_current and f.plan_id = (v_balances[v_place[u.organization]]).plan_id
        and f.capability = p_capability[u.i]
        and f.quality = coalesce(p_quality[u.i],
          (select q.quality from stipend.catalog_offers q
           where q.is_current and q.plan_id = f.plan_id and q.capability = p_capability[u.i] and q.is_default_quality
           limit 1))
      limit 1
    ) o on true
    -- What the input alone, the expected and the worst case cost, at the dearest model's prices; NULL: tokens unknown.
    left join lateral (
      select
        stipend.credits_from_cost(c.input_usd, o.usd_per_credit, o.credit_increment, o.minimum_charge) as input,
        stipend.credits_from_cost(c.input_usd + c.output_usd, o.usd_per_credit, o.credit_increment, o.minimum_charge)
          as worst_case,
        stipend.credits_from_cost(c.input_usd + c.expected_usd, o.usd_per_credit, o.credit_increment, o.minimum_charge)
          as expected
      from (
        select o.input_usd_per_million * p_input_tokens[u.i] * 0.000001 as input_usd,
          o.output_usd_per_million * least(p_output_tokens[u.i], o.output_cap) * 0.000001 as output_usd,
          o.output_usd_per_million * least(p_output_tokens[u.i], o.output_cap, o.expected_output_tokens) * 0.000001
            as expected_usd
      ) c
    ) e on true
    left join lateral (
      select h.id, h.parameter_hash, h.status, h.expires_at from stipend.credit_reservations h
      where h.organization_id = p_organizations[u.organization] and h.idempotency_key = u.key
      limit 1
    ) k on true
    left join lateral (
      select x.minute_bucket, x.minute_count, x.minute_previous, x.hour_bucket, x.hour_count, x.hour_previous,
        x.day_bucket, x.day_count, x.day_previous
      from stipend.rate_windows x
      where x.organization_id = p_organizations[u.organization] and x.capability = p_capability[u.i]
      limit 1
    ) c on true
    order by v_place[u.organization], u.i
  loop
    i := r.i;
    request := i;
    if r.d = 0 then
      code := 'skipped';
      if not exists (select from stipend.organizations g where g.id = r.organization_id) then
        code := 'organization_not_found';
        detail := jsonb_build_object('organizationId', r.organization_id);
      end if;
      return next;
      code := null;
      detail := null;
      continue;
    end if;

    if r.d <> d then
      if d > 0 then
        v_balances[d] := o;
      end if;
      d := r.d;
      o := v_balances[d];
      o_now := v_now[d];
      o_ms := (extract(epoch from o_now) * 1000)::bigint;
      o_balance := o.monthly_left + o.bonus - o.debt;
      o_counting := null;
      v_window := null;
      w_first := cardinality(w_count) + 1;
      b_first := b_last + 1;
      while b_d[b_last + 1] = d loop
        b_last := b_last + 1;
      end loop;
    end if;

    <<decision>>
    begin
      -- Idempotency
      if p_is_retry then
        v_standing := stipend.standing_outcome(r.organization_id, p_id[i], i, false);
        if v_standing.reservation_id is not null then
          return query select v_standing.*;
          continue;
        end if;
      end if;
      if p_twin[i] > 0 then
        v_holder := a_holder[p_twin[i]];
        if v_holder is not null then
          a_holder[i] := v_holder;
          code := case when p_parameter_hash[v_holder] = p_parameter_hash[i]
            then 'request_in_flight' else 'idempotency_mismatch' end;
          detail := jsonb_build_object('reservationId', p_id[v_holder], 'retryAfterMs', 1000);
          exit decision;
        end if;
      end if;
      if r.key_id is not null then
        if r.key_hash is distinct from p_parameter_hash[i] then
          code := 'idempotency_mismatch';
          detail := jsonb_build_object('reservationId', r.key_id);
        elsif r.key_status = 'open' then
          code := 'request_in_flight';
          detail := jsonb_build_object('reservationId', r.key_id, 'retryAfterMs',
            greatest((extract(epoch from r.key_expires_at - o_now) * 1000)::bigint, 1000));
        else
          return query select x.* from stipend.standing_outcome(r.organization_id, r.key_id, i, true) x;
          continue;
        end if;
        exit decision;
      end if;

      -- Organization, capability, plan, quality, model
      if not r.is_offered or o.plan_status <> 'active' then
        select x.code, x.detail into code, detail
        from stipend.access_refusal(r.organization_id, p_capability[i], p_quality[i], p_model[i]) x;
        if code is null and r.offer_id is null then
          code := 'skipped';   -- a catalog push came between two snapshots: ask again
        end if;
        exit decision when code is not null;
      end if;

      -- Rate windows
      if r.is_rate_limited then
        if v_window.capability is distinct from p_capability[i] then
          w := w_first;
          while w <= cardinality(w_count) and (w_rows[w]).capability <> p_capability[i] loop
            w := w + 1;
          end loop;
          if w > cardinality(w_count) then
            w_rows[w] := row(r.organization_id, p_capability[i],
              o_ms / 60000, case when r.minute_bucket = o_ms / 60000 then r.minute_count else 0 end,
              case r.minute_bucket
                when o_ms / 60000 then r.minute_previous when o_ms / 60000 - 1 then r.minute_count else 0 end,
              o_ms / 3600000, case when r.hour_bucket = o_ms / 3600000 then r.hour_count else 0 end,
              case r.hour_bucket
                when o_ms / 3600000 then r.hour_previous when o_ms / 3600000 - 1 then r.hour_count else 0 end,
              o_ms / 86400000, case when r.day_bucket = o_ms / 86400000 then r.day_count else 0 end,
              case r.day_bucket
                when o_ms / 86400000 then r.day_previous when o_ms / 86400000 - 1 then r.day_count else 0 end
            )::stipend.rate_windows;
            w_count[w] := 0;
          end if;
          v_window := w_rows[w];
        end if;
        if v_window.minute_previous * (60000 - o_ms % 60000) + (v_window.minute_count + w_count[w] + 1) * 60000::bigint
            > r.rate_limit_rpm * 60000::bigint
          or v_window.hour_previous * (3600000 - o_ms % 3600000) + (v_window.hour_count + w_count[w] + 1) * 3600000::bigint
            > r.rate_limit_rph * 3600000::bigint
          or v_window.day_previous * (86400000 - o_ms % 86400000) + (v_window.day_count + w_count[w] + 1) * 86400000::bigint
            > r.rate_limit_rpd * 86400000::bigint then
          code := 'rate_limited';
          select stipend.rate_refusal(x.name, x.allowed, x.count, x.previous, (o_ms % x.ms)::integer, x.ms) into detail
          from (values
            (1, 'minute', r.rate_limit_rpm, v_window.minute_count + w_count[w], v_window.minute_previous, 60000),
            (2, 'hour', r.rate_limit_rph, v_window.hour_count + w_count[w], v_window.hour_previous, 3600000),
            (3, 'day', r.rate_limit_rpd, v_window.day_count + w_count[w], v_window.day_previous, 86400000)
          ) x(rank, name, allowed, count, previous, ms)
          where x.previous * (x.ms - o_ms % x.ms) + (x.count + 1) * x.ms::bigint > x.allowed * x.ms::bigint
          order by x.rank
          limit 1;
          exit decision;
        end if;
      end if;

      -- Customer limits
      if p_customer_limits[i] is not null then
        detail := stipend.customer_refusal(r.organization_id, p_customer_limits[i], o_now);
        if detail is not null then
          code := 'customer_limit_exceeded';
          exit decision;
        end if;
      end if;

      -- Estimate: near the end of the credits the worst case is held, and the answer shortened to what they pay for
      if r.worst_case * 10 > o_balance - o.reserved + o.overdraft_limit then
        r.estimated := r.worst_case;
        if r.worst_case > o_balance - o.reserved + o.overdraft_limit then
          select x.output_tokens, x.credits into v_output_tokens, r.estimated
          from stipend.affordable_output(
            r.offer_id, p_input_tokens[i], p_output_tokens[i], o_balance - o.reserved + o.overdraft_limit) x;
          r.maximum := r.estimated;
        end if;
      end if;

      -- Budgets
      v_counting := null;
      for j in b_first .. b_last loop
        if b_scope_type[j] = 'organization'
          or (b_scope_type[j] = p_actor_type[i] and b_scope_id[j] = p_actor_id[i])
          or (b_scope_type[j] = 'api_key' and p_remote_by[i] = 'api_key:' || b_scope_id[j])  -- whoever it names as actor
          or (b_scope_type[j] = 'capability' and b_scope_id[j] = p_capability[i])
          or (b_scope_type[j] = 'form' and b_scope_id[j] = p_form_id[i]) then
          if b_taken[j] + r.estimated > b_room[j] then
            code := 'budget_exceeded';
            select stipend.budget_refusal(r.organization_id, b.id, b.scope_type, b.scope_id, b.period, b_window[j], b.limit_credits,
              coalesce(u.used, 0), coalesce(u.held, 0) + b_taken[j], r.estimated)
            into detail
            from stipend.budgets b
            left join stipend.budget_windows u
              on u.organization_id = b.organization_id and u.budget_id = b.id and u.window_start = b_window[j]
            where b.organization_id = r.organization_id and b.id = b_id[j];
            exit decision;
          end if;
          v_counting := v_counting || j;
        end if;
      end loop;

      -- Credits
      if not r.is_unlimited and o_balance - o.reserved + o.overdraft_limit < r.estimated then
        code := case when r.estimated <= o_balance + o.overdraft_limit
          then 'holds_in_flight' else 'insufficient_credits' end;
        detail := stipend.credit_refusal(r.organization_id, r.estimated, o_balance, o.reserved, o.overdraft_limit);
        exit decision;
      end if;
    end;

    -- Shadow mode: what is refused is admitted all the same, written down, and counts for nothing
    v_shadow_code := null;
    if code is not null then
      select x.offer_id, x.quality, x.estimated, x.maximum, x.input
      into v_shadow_offer, v_shadow_quality, v_shadow_estimated, v_shadow_maximum, v_shadow_input
      from stipend.shadow_hold(
        code, o.plan_id, p_capability[i], p_quality[i], p_estimate[i], p_input_tokens[i], p_output_tokens[i]) x;
      if v_shadow_offer is not null then
        v_shadow_code := code;
        if not p_is_dry_run[i] then
          insert into stipend.shadow_refusals (
            organization_id, reservation_id, plan, capability, quality, code, detail, created_at)
          select r.organization_id, p_id[i], n.unique_name, p_capability[i], v_shadow_quality, code, detail, o_now
          from stipend.plans n where n.id = o.plan_id;
        end if;
        r.offer_id := v_shadow_offer;
        r.is_unlimited := true;
        r.is_rate_limited := false;
        r.estimated := v_shadow_estimated;
        r.maximum := v_shadow_maximum;
        r.input := v_shadow_input;
        v_counting := null;
        v_output_tokens := null;
        detail := jsonb_build_object('shadowRefusal', code);
        code := null;
      end if;
    end if;

    offer_id := r.offer_id;
    balance := o_balance;
    if code is not null then
      reservation_id := null;
      status := null;
      estimated := null;
      maximum := null;
      expires_at_ms := null;
      spendable := case when r.is_unlimited is not true then o_balance - o.reserved end;
      return next;
      code := null;
      detail := null;
      v_output_tokens := null;
      continue;
    end if;

    estimated := r.estimated;
    maximum := r.maximum;
    if v_output_tokens is not null then
      detail := jsonb_build_object('maxOutputTokens', v_output_tokens);
    end if;
    if p_is_dry_run[i] then
      reservation_id := null;
      status := null;
      expires_at_ms := null;
    else
      if v_counting is distinct from o_counting then
        o_counting := v_counting;
        o_budget_ids := null;
        o_budget_windows := null;
        for j in 1 .. coalesce(cardinality(v_counting), 0) loop
          o_budget_ids[j] := b_id[v_counting[j]];
          o_budget_windows[j] := b_window[v_counting[j]];
        end loop;
      end if;
      v_admitted := v_admitted + 1;
      v_held := case when r.is_unlimited then 0 else r.estimated end;
      v_expires := o_now + p_lease_seconds[i] * interval '1 second';
      a_rows[v_admitted] := row(
        r.organization_id, p_id[i], p_key[i], p_parameter_hash[i], 'open', r.offer_id, p_model[i], r.estimated, v_held,
        r.maximum, r.input, p_is_dispatched[i], p_lease_seconds[i], p_actor_type[i], p_actor_id[i], p_actor_digest[i],
        p_subject_type[i], p_subject_id[i], p_subject_digest[i], p_form_id[i], o_budget_ids, o_budget_windows,
        null, null, null, null, null, null, null, o_now, v_expires, null, p_remote_by[i])::stipend.credit_reservations;
      if p_key[i] is not null then
        a_holder[i] := i;
      end if;
      if v_counting is not null then
        foreach j in array v_counting loop
          b_taken[j] := b_taken[j] + r.estimated;
        end loop;
      end if;
      if r.is_rate_limited then
        w_count[w] := w_count[w] + 1;
      end if;
      if p_customer_limits[i] is not null and v_shadow_code is null then
        insert into stipend.customer_uses (organization_id, limit_key, reservation_id, used_at)
        select r.organization_id, x.value ->> 'key', p_id[i], o_now from jsonb_array_elements(p_customer_limits[i]) x;
      end if;
      o.holds_due_from := case when o.open_holds = 0 then v_expires else least(o.holds_due_from, v_expires) end;
      o.open_holds := o.open_holds + 1;
      o.reserved := o.reserved + v_held;
      reservation_id := p_id[i];
      status := 'open';
      expires_at_ms := o_ms + p_lease_seconds[i] * 1000;
    end if;
    spendable := case when not r.is_unlimited then o_balance - o.reserved end;
    return next;
    if detail is not null then
      v_output_tokens := null;
      detail := null;
    end if;
  end loop;

  if v_admitted = 0 then
    return;
  end if;
  v_balances[d] := o;

  insert into stipend.credit_reservations select * from unnest(a_rows);

  update stipend.organization_credit_balances b
  set reserved = u.reserved, open_holds = u.open_holds, holds_due_from = u.holds_due_from
  from unnest(v_balances) u
  where b.organization_id = u.organization_id and b.open_holds <> u.open_holds;

  if cardinality(w_count) > 0 then
    insert into stipend.rate_windows as t
    select u.organization_id, u.capability, u.minute_bucket, u.minute_count + w_count[u.place], u.minute_previous,
      u.hour_bucket, u.hour_count + w_count[u.place], u.hour_previous, u.day_bucket, u.day_count + w_count[u.place], u.day_previous
    from unnest(w_rows) with ordinality u(organization_id, capability, minute_bucket, minute_count, minute_previous,
      hour_bucket, hour_count, hour_previous, day_bucket, day_count, day_previous, place)
    where w_count[u.place] > 0
    on conflict (organization_id, capability) do update
    set minute_bucket = excluded.minute_bucket, minute_count = excluded.minute_count,
        minute_previous = excluded.minute_previous, hour_bucket = excluded.hour_bucket,
        hour_count = excluded.hour_count, hour_previous = excluded.hour_previous,
        day_bucket = excluded.day_bucket, day_count = excluded.day_count, day_previous = excluded.day_previous;
  end if;

  if b_last > 0 then
    insert into stipend.budget_windows as t (organization_id, budget_id, window_start, held)
    select p_organizations[v_positions[u.d]], u.id, u.window_start, u.taken
    from unnest(b_d, b_id, b_window, b_taken) u(d, id, window_start, taken)
    where u.taken > 0
    on conflict (organization_id, budget_id, window_start) do update set held = t.held + excluded.held;
  end if;

  if p_parties is not null then
    insert into stipend.credit_parties (organization_id, digest, party_type, party_id, name, email, salt)
    select x."organizationId", decode(x.digest, 'hex'), x.type, x.id, x.name, x.email, decode(x.salt, 'hex')
    from jsonb_to_recordset(p_parties) x(
      "organizationId" text, digest text, salt text, type text, id text, name text, email text)
    join stipend.organizations g on g.id = x."organizationId"
    on conflict (organization_id, digest) do nothing;
  end if;
end;
$$;

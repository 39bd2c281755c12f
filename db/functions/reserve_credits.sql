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
  -- per locked organization, by its place d in v_positions
  v_positions       integer[];
  v_place           integer[];   -- position in p_organizations → d
  v_now             timestamptz[];
  v_plan_id         integer[];
  v_status          text[];
  v_balance         numeric[];
  v_overdraft       numeric[];
  v_reserved        numeric[];
  v_open            integer[];
  v_due_from        timestamptz[];
  v_has_budgets     boolean[];
  v_due             text[];
  v_is_caught_up    boolean := false;
  -- budgets of the locked organizations, in the order of d
  b_d               integer[];
  b_id              uuid[];
  b_scope_type      text[];
  b_scope_id        text[];
  b_period          text[];
  b_is_hard         boolean[];
  b_limit           numeric[];
  b_window          timestamptz[];
  b_used            numeric[];
  b_held            numeric[];
  b_taken           numeric[];   -- held by this call
  b_first           integer := 1;
  b_last            integer := 0;
  -- rate windows touched by this call
  w_d               integer[] := '{}';
  w_capability      text[] := '{}';
  w_minute          integer[] := '{}';
  w_minute_before   integer[] := '{}';
  w_hour            integer[] := '{}';
  w_hour_before     integer[] := '{}';
  w_day             integer[] := '{}';
  w_day_before      integer[] := '{}';
  w_first           integer := 1;
  w                 integer;
  -- the organization at hand
  d                 integer := 0;
  o_now             timestamptz;
  o_ms              bigint;
  o_balance         numeric;
  o_overdraft       numeric;
  o_reserved        numeric;
  o_open            integer;
  o_due_from        timestamptz;
  o_counting        integer[];   -- the last request's budgets, and their array literals
  o_budget_ids      text;
  o_budget_windows  text;
  -- what was decided, by request; NULL: not admitted
  a_offer           bigint[] := array_fill(null::bigint, array[n]);
  a_holder          integer[] := array_fill(null::integer, array[n]);   -- who holds the key after this request
  a_estimate        numeric[] := array_fill(null::numeric, array[n]);
  a_held            numeric[] := a_estimate;
  a_maximum         numeric[] := a_estimate;
  a_input           numeric[] := a_estimate;
  a_now             timestamptz[] := array_fill(null::timestamptz, array[n]);
  a_expires         timestamptz[] := a_now;
  a_budget_ids      text[] := array_fill(null::text, array[n]);   -- array literals: arrays of arrays cannot be ragged
  a_budget_windows  text[] := a_budget_ids;
  v_admitted        integer := 0;
  -- the request at hand
  r                 record;
  v_standing        stipend.outcome;
  v_counting        integer[];   -- places in b_ of the budgets that count the request
  i                 integer;
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
    select array_agg(x.position), array_agg(x.now), array_agg(x.plan_id), array_agg(x.plan_status),
      array_agg(x.monthly_left + x.bonus - x.debt), array_agg(x.overdraft_limit), array_agg(x.reserved),
      array_agg(x.open_holds), array_agg(x.holds_due_from), array_agg(x.has_budgets),
      array_agg(x.organization_id) filter (
        where least(x.next_due_at, case when x.open_holds > 0 then x.holds_due_from end) <= x.now)
    into v_positions, v_now, v_plan_id, v_status, v_balance, v_overdraft, v_reserved, v_open, v_due_from,
      v_has_budgets, v_due
    from (
      select b.*, o.position::integer,
        greatest(clock_timestamp() + coalesce(t.clock_offset, interval '0'), b.ledger_at) as now
      from unnest(p_organizations) with ordinality o(organization_id, position)
      join stipend.organization_credit_balances b on b.organization_id = o.organization_id
      left join stipend.test_clocks t on t.organization_id = o.organization_id
      order by o.position
      for update of b skip locked
    ) x;
    exit when v_due is null or v_is_caught_up;
    perform stipend.write_due(v_due, true);
    v_is_caught_up := true;
  end loop;
  v_place := array_fill(0, array[cardinality(p_organizations)]);
  for i in 1 .. coalesce(cardinality(v_positions), 0) loop
    v_place[v_positions[i]] := i;
  end loop;

  if true = any(v_has_budgets) then
    select array_agg(x.d), array_agg(x.id), array_agg(x.scope_type), array_agg(x.scope_id), array_agg(x.period),
      array_agg(x.is_hard), array_agg(x.limit_credits), array_agg(x.window_start), array_agg(x.used), array_agg(x.held),
      array_agg(0::numeric)
    into b_d, b_id, b_scope_type, b_scope_id, b_period, b_is_hard, b_limit, b_window, b_used, b_held, b_taken
    from (
      select l.d, b.*, s.window_start, coalesce(u.used, 0) as used, coalesce(u.held, 0) as held
      from unnest(v_positions, v_has_budgets) with ordinality l(position, has_budgets, d)
      join stipend.budgets b on b.organization_id = p_organizations[l.position]
      cross join lateral (select stipend.budget_window_start(b.period, v_now[l.d])) s(window_start)
      left join stipend.budget_windows u
        on u.organization_id = b.organization_id and u.budget_id = b.id and u.window_start = s.window_start
      where l.has_budgets
      order by l.d, b.created_at, b.id
    ) x;
  end if;

  for r in
    select u.ordinal::integer, u.organization, v_place[u.organization] as d, p_organizations[u.organization] as organization_id,
      u.id, u.key, u.twin, u.parameter_hash, u.capability, u.quality as quality_asked, u.model, u.lease_seconds, u.is_dry_run, u.actor_type, u.actor_id, u.form_id, u.customer_limits,
      o.id as offer_id, o.is_unlimited, o.capability_is_enabled, o.plan_is_enabled,
      o.rate_limit_rpm, o.rate_limit_rph, o.rate_limit_rpd, o.models,
      o.rate_limit_rpm is not null or o.rate_limit_rph is not null or o.rate_limit_rpd is not null as is_rate_limited,
      coalesce(u.estimate * 0.01, e.worst_case, o.estimated_credits) as estimated,
      greatest(coalesce(e.worst_case, 10 * coalesce(u.estimate * 0.01, o.estimated_credits)), u.estimate * 0.01) as maximum,
      coalesce(e.input, u.estimate * 0.01, o.estimated_credits) as input,
      k.id as key_id, k.parameter_hash as key_hash, k.status as key_status, k.expires_at as key_expires_at,
      c.minute_bucket, c.minute_count, c.minute_previous, c.hour_bucket, c.hour_count, c.hour_previous,
      c.day_bucket, c.day_count, c.day_previous
    from unnest(
      p_organization, p_id, p_key, p_twin, p_parameter_hash, p_capability, p_quality, p_model, p_estimate,
      p_input_tokens, p_output_tokens, p_lease_seconds, p_is_dry_run, p_actor_type, p_actor_id, p_form_id,
      p_customer_limits
    ) with ordinality u(
      organization, id, key, twin, parameter_hash, capability, quality, model, estimate,
      input_tokens, output_tokens, lease_seconds, is_dry_run, actor_type, actor_id, form_id, customer_limits, ordinal)
    left join lateral (
      select * from stipend.catalog_offers f
      where f.is_current and f.plan_id = v_plan_id[v_place[u.organization]] and f.capability = u.capability
        and f.quality = coalesce(u.quality,
          (select q.quality from stipend.catalog_offers q
           where q.is_current and q.plan_id = f.plan_id and q.capability = u.capability and q.is_default_quality
           limit 1))
      limit 1
    ) o on true
    -- What the input alone and what the worst case costs, at the dearest model's prices; NULL: tokens unknown.
    left join lateral (
      select
        stipend.credits_from_cost(c.input_usd, o.usd_per_credit, o.credit_increment, o.minimum_charge) as input,
        stipend.credits_from_cost(c.input_usd + c.output_usd, o.usd_per_credit, o.credit_increment, o.minimum_charge)
          as worst_case
      from (
        select o.input_usd_per_million * u.input_tokens * 0.000001 as input_usd,
          o.output_usd_per_million * least(u.output_tokens, o.output_cap) * 0.000001 as output_usd
      ) c
    ) e on true
    left join lateral (
      select * from stipend.credit_reservations h
      where h.organization_id = p_organizations[u.organization] and h.idempotency_key = u.key
      limit 1
    ) k on true
    left join lateral (
      select * from stipend.rate_windows x
      where x.organization_id = p_organizations[u.organization] and x.capability = u.capability
      limit 1
    ) c on true
    order by v_place[u.organization], u.ordinal
  loop
    request := r.ordinal;
    if code is not null then
      code := null;
      detail := null;
    end if;
    reservation_id := null;
    status := null;
    estimated := null;
    maximum := null;
    expires_at_ms := null;

    if r.d = 0 then
      code := 'skipped';
      if not exists (select from stipend.organizations g where g.id = r.organization_id) then
        code := 'organization_not_found';
        detail := jsonb_build_object('organizationId', r.organization_id);
      end if;
      return next;
      continue;
    end if;

    if r.d <> d then
      if d > 0 then
        v_reserved[d] := o_reserved;
        v_open[d] := o_open;
        v_due_from[d] := o_due_from;
      end if;
      d := r.d;
      o_now := v_now[d];
      o_ms := (extract(epoch from o_now) * 1000)::bigint;
      o_balance := v_balance[d];
      o_overdraft := v_overdraft[d];
      o_reserved := v_reserved[d];
      o_open := v_open[d];
      o_due_from := v_due_from[d];
      o_counting := null;
      w_first := cardinality(w_d) + 1;
      b_first := b_last + 1;
      while b_last < cardinality(b_d) and b_d[b_last + 1] = d loop
        b_last := b_last + 1;
      end loop;
    end if;

    w := 0;
    <<decision>>
    begin
      -- Idempotency
      if p_is_retry then
        v_standing := stipend.standing_outcome(r.organization_id, r.id, r.ordinal, false);
        if v_standing.reservation_id is not null then
          return query select v_standing.*;
          continue;
        end if;
      end if;
      if r.twin > 0 then
        a_holder[r.ordinal] := a_holder[r.twin];
      end if;
      if a_holder[r.ordinal] is not null then
        code := case when p_parameter_hash[a_holder[r.ordinal]] = r.parameter_hash
          then 'request_in_flight' else 'idempotency_mismatch' end;
        detail := jsonb_build_object('reservationId', p_id[a_holder[r.ordinal]], 'retryAfterMs', 1000);
        exit decision;
      elsif r.key_id is not null then
        if r.key_hash is distinct from r.parameter_hash then
          code := 'idempotency_mismatch';
          detail := jsonb_build_object('reservationId', r.key_id);
        elsif r.key_status = 'open' then
          code := 'request_in_flight';
          detail := jsonb_build_object('reservationId', r.key_id, 'retryAfterMs',
            greatest((extract(epoch from r.key_expires_at - o_now) * 1000)::bigint, 1000));
        else
          return query select x.* from stipend.standing_outcome(r.organization_id, r.key_id, r.ordinal, true) x;
          continue;
        end if;
        exit decision;
      end if;

      -- Organization, capability, plan, quality, model
      if r.offer_id is null or not r.capability_is_enabled or not r.plan_is_enabled or v_status[d] <> 'active'
        or cardinality(r.models) = 0 or r.model <> all(r.models) then
        select x.code, x.detail into code, detail
        from stipend.access_refusal(r.organization_id, r.capability, r.quality_asked, r.model) x;
        if code is null and r.offer_id is null then
          code := 'skipped';   -- a catalog push came between two snapshots: ask again
        end if;
        exit decision when code is not null;
      end if;

      -- Rate windows
      if r.is_rate_limited then
        for i in w_first .. cardinality(w_d) loop
          if w_capability[i] = r.capability then
            w := i;
            exit;
          end if;
        end loop;
        if w = 0 then
          w := cardinality(w_d) + 1;
          w_d[w] := d;
          w_capability[w] := r.capability;
          w_minute[w] := case when r.minute_bucket = o_ms / 60000 then r.minute_count else 0 end;
          w_minute_before[w] := case r.minute_bucket
            when o_ms / 60000 then r.minute_previous when o_ms / 60000 - 1 then r.minute_count else 0 end;
          w_hour[w] := case when r.hour_bucket = o_ms / 3600000 then r.hour_count else 0 end;
          w_hour_before[w] := case r.hour_bucket
            when o_ms / 3600000 then r.hour_previous when o_ms / 3600000 - 1 then r.hour_count else 0 end;
          w_day[w] := case when r.day_bucket = o_ms / 86400000 then r.day_count else 0 end;
          w_day_before[w] := case r.day_bucket
            when o_ms / 86400000 then r.day_previous when o_ms / 86400000 - 1 then r.day_count else 0 end;
        end if;
        if w_minute_before[w] * (60000 - o_ms % 60000) + (w_minute[w] + 1) * 60000::bigint
          > r.rate_limit_rpm * 60000::bigint then
          code := 'rate_limited';
          detail := stipend.rate_refusal('minute', r.rate_limit_rpm, w_minute[w], w_minute_before[w], o_ms % 60000, 60000);
        elsif w_hour_before[w] * (3600000 - o_ms % 3600000) + (w_hour[w] + 1) * 3600000::bigint
          > r.rate_limit_rph * 3600000::bigint then
          code := 'rate_limited';
          detail := stipend.rate_refusal('hour', r.rate_limit_rph, w_hour[w], w_hour_before[w], o_ms % 3600000, 3600000);
        elsif w_day_before[w] * (86400000 - o_ms % 86400000) + (w_day[w] + 1) * 86400000::bigint
          > r.rate_limit_rpd * 86400000::bigint then
          code := 'rate_limited';
          detail := stipend.rate_refusal('day', r.rate_limit_rpd, w_day[w], w_day_before[w], o_ms % 86400000, 86400000);
        end if;
        exit decision when code is not null;
      end if;

      -- Customer limits
      if r.customer_limits is not null then
        detail := stipend.customer_refusal(r.organization_id, r.customer_limits, o_now);
        if detail is not null then
          code := 'customer_limit_exceeded';
          exit decision;
        end if;
      end if;

      -- Budgets
      v_counting := null;
      for i in b_first .. b_last loop
        if b_scope_type[i] = 'organization'
          or (b_scope_type[i] = r.actor_type and b_scope_id[i] = r.actor_id)
          or (b_scope_type[i] = 'capability' and b_scope_id[i] = r.capability)
          or (b_scope_type[i] = 'form' and b_scope_id[i] = r.form_id) then
          if b_is_hard[i] and b_used[i] + b_held[i] + r.estimated > b_limit[i] then
            code := 'budget_exceeded';
            detail := stipend.budget_refusal(r.organization_id, b_id[i], b_scope_type[i], b_scope_id[i], b_period[i], b_window[i],
              b_limit[i], b_used[i], b_held[i], r.estimated);
            exit decision;
          end if;
          v_counting := v_counting || i;
        end if;
      end loop;

      -- Credits
      if not r.is_unlimited and o_balance - o_reserved + o_overdraft < r.estimated then
        code := case when r.estimated <= o_balance + o_overdraft then 'holds_in_flight' else 'insufficient_credits' end;
        detail := stipend.credit_refusal(r.organization_id, r.estimated, o_balance, o_reserved, o_overdraft);
        exit decision;
      end if;
    end;

    offer_id := r.offer_id;
    balance := o_balance;
    if code is not null then
      spendable := case when r.is_unlimited is not true then o_balance - o_reserved end;
      return next;
      continue;
    end if;

    estimated := r.estimated;
    maximum := r.maximum;
    if not r.is_dry_run then
      v_admitted := v_admitted + 1;
      a_offer[r.ordinal] := r.offer_id;
      a_estimate[r.ordinal] := r.estimated;
      a_held[r.ordinal] := case when r.is_unlimited then 0 else r.estimated end;
      a_maximum[r.ordinal] := r.maximum;
      a_input[r.ordinal] := r.input;
      a_now[r.ordinal] := o_now;
      a_expires[r.ordinal] := o_now + r.lease_seconds * interval '1 second';
      if r.key is not null then
        a_holder[r.ordinal] := r.ordinal;
      end if;
      if v_counting is not null then
        if v_counting is distinct from o_counting then
          o_counting := v_counting;
          o_budget_ids := '';
          o_budget_windows := '';
          foreach i in array v_counting loop
            o_budget_ids := o_budget_ids || ',' || b_id[i];
            o_budget_windows := o_budget_windows || ',"' || b_window[i] || '"';
          end loop;
          o_budget_ids := '{' || substr(o_budget_ids, 2) || '}';
          o_budget_windows := '{' || substr(o_budget_windows, 2) || '}';
        end if;
        a_budget_ids[r.ordinal] := o_budget_ids;
        a_budget_windows[r.ordinal] := o_budget_windows;
        foreach i in array v_counting loop
          b_held[i] := b_held[i] + r.estimated;
          b_taken[i] := b_taken[i] + r.estimated;
        end loop;
      end if;
      if w > 0 then
        w_minute[w] := w_minute[w] + 1;
        w_hour[w] := w_hour[w] + 1;
        w_day[w] := w_day[w] + 1;
      end if;
      if r.customer_limits is not null then
        insert into stipend.customer_uses (organization_id, limit_key, reservation_id, used_at)
        select r.organization_id, x.value ->> 'key', r.id, o_now from jsonb_array_elements(r.customer_limits) x;
      end if;
      o_due_from := case when o_open = 0 then a_expires[r.ordinal] else least(o_due_from, a_expires[r.ordinal]) end;
      o_open := o_open + 1;
      o_reserved := o_reserved + a_held[r.ordinal];
      reservation_id := r.id;
      status := 'open';
      expires_at_ms := o_ms + r.lease_seconds * 1000;
    end if;
    spendable := case when not r.is_unlimited then o_balance - o_reserved end;
    return next;
  end loop;

  if v_admitted = 0 then
    return;
  end if;
  v_reserved[d] := o_reserved;
  v_open[d] := o_open;
  v_due_from[d] := o_due_from;

  insert into stipend.credit_reservations (
    organization_id, id, idempotency_key, parameter_hash, offer_id, model, estimated_credits, held_credits,
    maximum_credits, input_credits, is_dispatched, lease_seconds, actor_type, actor_id, actor_digest,
    subject_type, subject_id, subject_digest, form_id, budget_ids, budget_windows, created_at, expires_at)
  select p_organizations[u.organization], u.id, u.key, u.parameter_hash, u.offer, u.model, u.estimate, u.held,
    u.maximum, u.input, u.is_dispatched, u.lease_seconds, u.actor_type, u.actor_id, u.actor_digest,
    u.subject_type, u.subject_id, u.subject_digest, u.form_id, u.budget_ids::uuid[],
    u.budget_windows::timestamptz[], u.now, u.expires
  from unnest(
    a_offer, a_estimate, a_held, a_maximum, a_input, a_now, a_expires, a_budget_ids, a_budget_windows,
    p_organization, p_id, p_key, p_parameter_hash, p_model, p_is_dispatched, p_lease_seconds,
    p_actor_type, p_actor_id, p_actor_digest, p_subject_type, p_subject_id, p_subject_digest, p_form_id
  ) u(
    offer, estimate, held, maximum, input, now, expires, budget_ids, budget_windows,
    organization, id, key, parameter_hash, model, is_dispatched, lease_seconds,
    actor_type, actor_id, actor_digest, subject_type, subject_id, subject_digest, form_id)
  where u.offer is not null;

  update stipend.organization_credit_balances b
  set reserved = u.reserved, open_holds = u.open_holds, holds_due_from = u.due_from
  from unnest(v_positions, v_reserved, v_open, v_due_from) u(position, reserved, open_holds, due_from)
  where b.organization_id = p_organizations[u.position] and b.open_holds <> u.open_holds;

  if cardinality(w_d) > 0 then
    insert into stipend.rate_windows as t (
      organization_id, capability, minute_bucket, minute_count, minute_previous,
      hour_bucket, hour_count, hour_previous, day_bucket, day_count, day_previous)
    select p_organizations[v_positions[u.d]], u.capability,
      e.ms / 60000, u.minute, u.minute_before, e.ms / 3600000, u.hour, u.hour_before, e.ms / 86400000, u.day, u.day_before
    from unnest(w_d, w_capability, w_minute, w_minute_before, w_hour, w_hour_before, w_day, w_day_before)
      u(d, capability, minute, minute_before, hour, hour_before, day, day_before)
    cross join lateral (select (extract(epoch from v_now[u.d]) * 1000)::bigint) e(ms)
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

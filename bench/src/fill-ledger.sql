-- Gives an organization a past of p_rows settled calls, as reserve_credits() and settle_credits() would have
-- written them: a hold and a chained ledger row each. Run as the tables' owner.
create or replace function pg_temp.fill_ledger(p_organization_id text, p_rows integer) returns void
language plpgsql
as $$
declare
  c_charge    constant numeric(14,2) := 0.50;
  c_metadata  constant jsonb := '{"usage": {"model": "mini", "inputTokens": 790, "outputTokens": 210, "cachedInputTokens": 256}, "requestId": "req_0192f5c8", "attempts": [{"model": "mini", "outcome": "served", "ms": 840}]}';
  c_digest    constant bytea := sha256('member-0');
  v_balance   stipend.organization_credit_balances;
  v_offer     stipend.catalog_offers;
  v_budgets   uuid[];
  v_windows   timestamptz[];
  v_left      numeric;
  v_hash      bytea;
  v_at        timestamptz;
  v_id        uuid;
  v_first     bigint;
  v_done      integer := 0;
  r_id        uuid[];
  r_at        timestamptz[];
  r_left      numeric[];
  r_hash      bytea[];
begin
  select * into strict v_balance from stipend.organization_credit_balances b
  where b.organization_id = p_organization_id for update;
  select f.* into strict v_offer
  from stipend.organization_plans p
  join stipend.catalog_offers f on f.is_current and f.plan_id = p.plan_id and f.capability = 'reply' and f.quality = 'fast'
  where p.organization_id = p_organization_id;
  select array_agg(b.id), array_agg(stipend.budget_window_start(b.period, v_balance.ledger_at)) into v_budgets, v_windows
  from stipend.budgets b where b.organization_id = p_organization_id;
  insert into stipend.credit_parties (organization_id, digest, party_type, party_id, name, email, salt)
  values (p_organization_id, c_digest, 'member', 'member-0', 'Member 0', 'member-0@example.com', '\x00');

  v_left := v_balance.monthly_left;
  v_hash := v_balance.ledger_hash;
  v_at := v_balance.ledger_at;
  while v_done < p_rows loop
    v_first := v_balance.ledger_sequence + v_done;
    r_id := '{}';
    r_at := '{}';
    r_left := '{}';
    r_hash := '{}';
    for i in 1 .. least(5000, p_rows - v_done) loop
      v_left := v_left - c_charge;
      v_at := v_at + interval '10 microseconds';
      v_id := gen_random_uuid();
      v_hash := stipend.transaction_hash(
        v_hash, p_organization_id, v_first + i, 'ai_consumption', -c_charge, -c_charge, 0, 0, 0,
        v_left + v_balance.bonus, v_id, v_offer.plan, v_offer.capability, v_offer.quality, 'mini', c_charge, 0,
        0.000225600, '{}', 'member', 'member-0', c_digest, 'testimonial', 'testimonial-0', null, null,
        null, null, c_metadata, null, v_at, v_at);
      r_id[i] := v_id;
      r_at[i] := v_at;
      r_left[i] := v_left;
      r_hash[i] := v_hash;
    end loop;

    insert into stipend.credit_reservations (
      organization_id, id, idempotency_key, parameter_hash, status, offer_id, estimated_credits, held_credits,
      maximum_credits, input_credits, is_dispatched, lease_seconds, actor_type, actor_id, actor_digest, subject_type,
      subject_id, budget_ids, budget_windows, charged_credits, sequence, settle_hash, created_at, expires_at, ended_at)
    select p_organization_id, u.id, 'fill-' || (v_first + u.i), sha256(uuid_send(u.id)), 'settled', v_offer.id, c_charge,
      c_charge, c_charge, c_charge, true, 300, 'member', 'member-0', c_digest, 'testimonial', 'testimonial-0',
      v_budgets, v_windows, c_charge, v_first + u.i, sha256(uuid_send(u.id)), u.at, u.at + interval '300 seconds', u.at
    from unnest(r_id, r_at) with ordinality u(id, at, i);

    insert into stipend.credit_transactions (
      organization_id, sequence, type, amount, monthly_amount, bonus_amount, debt_amount, covered_amount, balance_after,
      reservation_id, plan, capability, quality, model, estimated_credits, uncharged_credits, cost_usd, actor_type,
      actor_id, actor_digest, subject_type, subject_id, provider_metadata, effective_at, created_at, hash)
    select p_organization_id, v_first + u.i, 'ai_consumption', -c_charge, -c_charge, 0, 0, 0, u.left + v_balance.bonus,
      u.id, v_offer.plan, v_offer.capability, v_offer.quality, 'mini', c_charge, 0, 0.000225600, 'member',
      'member-0', c_digest, 'testimonial', 'testimonial-0', c_metadata, u.at, u.at, u.hash
    from unnest(r_id, r_at, r_left, r_hash) with ordinality u(id, at, "left", hash, i);
    v_done := v_done + cardinality(r_id);
  end loop;

  update stipend.organization_credit_balances b
  set monthly_left = v_left, used_this_period = b.used_this_period + p_rows * c_charge,
      ledger_sequence = b.ledger_sequence + p_rows, ledger_hash = v_hash, ledger_at = v_at
  where b.organization_id = p_organization_id;
  insert into stipend.budget_windows (organization_id, budget_id, window_start, used)
  select p_organization_id, u.id, u.start, p_rows * c_charge from unnest(v_budgets, v_windows) u(id, start);
end;
$$;

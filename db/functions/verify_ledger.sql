-- reads
-- Proves an organization's books, or names what is wrong, a row each: the chain and gapless sequence, each row's
-- balance, the balance row against the ledger's sums pool by pool, charges of ended holds, grants against bonus, open
-- holds against reserved, budget windows against their holds and charges, sources against their rows, checkpoints'
-- heads against their rows, next_due_at against what is due.
--
-- p_from: the sequence of a checkpoint's head whose signature the caller trusts. What came before it is not read, and
-- what only the whole ledger can show (budgets, heads of other checkpoints) is left out. NULL: everything, from the first
-- row or from the end of the archive.
create or replace function stipend.verify_ledger(p_organization_id text, p_from bigint default null)
returns table (problem text, sequence bigint, expected text, found text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_base     stipend.ledger_checkpoint_heads;   -- what the proof begins from; NULLs: from nothing
  v_is_full  constant boolean := p_from is null;
  v_used     numeric;
begin
  select b.* into v_balance from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  if v_balance.organization_id is null then
    perform stipend.refuse('organization_not_found', jsonb_build_object('organizationId', p_organization_id));
  end if;

  select h.* into v_base
  from stipend.ledger_checkpoint_heads h
  where h.organization_id = p_organization_id and h.sequence = coalesce(p_from,
    (select max(a.through_sequence) from stipend.ledger_archives a where a.organization_id = p_organization_id))
  order by h.checkpoint desc limit 1;
  if v_base.sequence is null and p_from is not null then
    return query select 'checkpoint', p_from, 'a head', 'none';
    return;
  end if;
  if v_base.sequence is null then
    v_base.sequence := 0;
    v_base.hash := sha256(convert_to(p_organization_id, 'UTF8'));
    v_base.monthly_left := 0;
    v_base.bonus := 0;
    v_base.debt := 0;
  end if;

  return query
  select 'archive', a.through_sequence, 'a head of checkpoint ' || a.checkpoint, 'none'
  from stipend.ledger_archives a
  where a.organization_id = p_organization_id and not exists (
    select from stipend.ledger_checkpoint_heads h
    where h.organization_id = a.organization_id and h.checkpoint = a.checkpoint and h.sequence = a.through_sequence);

  return query
  select x.problem, x.sequence, x.expected, x.found
  from (
    select t as row,
      lag(t.sequence, 1, v_base.sequence) over w as previous_sequence,
      lag(t.balance_after, 1, v_base.monthly_left + v_base.bonus - v_base.debt) over w as previous_balance,
      lag(t.hash, 1, v_base.hash) over w as previous_hash,
      lag(t.created_at, 1, v_base.ledger_at) over w as previous_at
    from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence > v_base.sequence
    window w as (order by t.sequence)
  ) c
  cross join lateral (
    select 'sequence_gap' as problem, (c.row).sequence, (c.previous_sequence + 1)::text as expected, (c.row).sequence::text as found
    where (c.row).sequence <> c.previous_sequence + 1
    union all
    select 'hash', (c.row).sequence, encode(stipend.transaction_hash(c.row, c.previous_hash), 'hex'), encode((c.row).hash, 'hex')
    where (c.row).hash is distinct from stipend.transaction_hash(c.row, c.previous_hash)
    union all
    select 'balance_after', (c.row).sequence,
      (c.previous_balance + (c.row).monthly_amount + (c.row).bonus_amount + (c.row).debt_amount)::text,
      (c.row).balance_after::text
    where (c.row).balance_after
      <> c.previous_balance + (c.row).monthly_amount + (c.row).bonus_amount + (c.row).debt_amount
    union all
    select 'time', (c.row).sequence, '>= ' || c.previous_at, (c.row).created_at::text
    where (c.row).created_at < c.previous_at
  ) x;

  -- The row that the proof begins from, unless it is archived, and in a whole proof those of all other heads.
  return query
  select 'checkpoint', h.sequence, encode(h.hash, 'hex'), coalesce(encode(t.hash, 'hex'), 'no row')
  from stipend.ledger_checkpoint_heads h
  left join stipend.credit_transactions t on t.organization_id = h.organization_id and t.sequence = h.sequence
  where h.organization_id = p_organization_id and (h.checkpoint = v_base.checkpoint or v_is_full)
    and t.hash is distinct from h.hash
    and not exists (
      select from stipend.ledger_archives a
      where a.organization_id = h.organization_id and a.through_sequence >= h.sequence);

  return query
  select 'checkpoint_pools', s.sequence, concat_ws(' ', s.monthly, s.bonus, s.debt),
    concat_ws(' ', h.monthly_left, h.bonus, h.debt)
  from (
    select t.sequence, v_base.monthly_left + sum(t.monthly_amount) over w as monthly,
      v_base.bonus + sum(t.bonus_amount) over w as bonus, v_base.debt - sum(t.debt_amount) over w as debt
    from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence > v_base.sequence
    window w as (order by t.sequence)
  ) s
  join stipend.ledger_checkpoint_heads h on h.organization_id = p_organization_id and h.sequence = s.sequence
  where v_is_full and (h.monthly_left, h.bonus, h.debt) is distinct from (s.monthly, s.bonus, s.debt);

  return query
  select 'head', v_balance.ledger_sequence, coalesce(encode(x.hash, 'hex'), 'no row'), encode(v_balance.ledger_hash, 'hex')
  from (
    select coalesce(
      (select t.hash from stipend.credit_transactions t
       where t.organization_id = p_organization_id and t.sequence = v_balance.ledger_sequence),
      case when v_balance.ledger_sequence = v_base.sequence then v_base.hash end) as hash
  ) x
  where x.hash is distinct from v_balance.ledger_hash;

  return query
  select 'beyond_head', max(t.sequence), v_balance.ledger_sequence::text, max(t.sequence)::text
  from stipend.credit_transactions t where t.organization_id = p_organization_id and t.sequence > v_base.sequence
  having max(t.sequence) > v_balance.ledger_sequence;

  -- What was used in a period that began before the base comes with it, unless the period was moved since.
  select coalesce(sum(t.covered_amount - t.amount) filter (
      where t.reservation_id is not null and t.created_at >= v_balance.period_start), 0)
    + case when not v_is_full and v_base.period_start = v_balance.period_start then v_base.used_this_period else 0 end
  into v_used
  from stipend.credit_transactions t
  where t.organization_id = p_organization_id and t.sequence > case
    when v_is_full or v_base.period_start = v_balance.period_start or v_balance.period_start > v_base.ledger_at
      then v_base.sequence
    else stipend.sequence_at(p_organization_id, v_balance.period_start) - 1 end;

  return query
  select x.problem, v_balance.ledger_sequence, x.expected::text, x.found::text
  from (
    select v_base.monthly_left + coalesce(sum(t.monthly_amount), 0) as monthly,
      v_base.bonus + coalesce(sum(t.bonus_amount), 0) as bonus, v_base.debt - coalesce(sum(t.debt_amount), 0) as debt
    from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence > v_base.sequence
  ) s
  cross join lateral (
    select coalesce(sum(g.remaining), 0) as remaining from stipend.credit_grants g
    where g.organization_id = p_organization_id and g.is_live
  ) g
  cross join lateral (
    select coalesce(sum(r.held_credits), 0) as held, count(*) as holds
    from stipend.credit_reservations r
    where r.organization_id = p_organization_id and r.status = 'open' and (v_is_full
      or (hashtext(r.organization_id) = hashtext(p_organization_id) and r.expires_at >= v_balance.holds_due_from))
  ) h
  cross join lateral (values
    ('monthly_left', s.monthly, v_balance.monthly_left),
    ('bonus', s.bonus, v_balance.bonus),
    ('grants', g.remaining, v_balance.bonus),
    ('debt', s.debt, v_balance.debt),
    ('used_this_period', v_used, v_balance.used_this_period),
    ('reserved', h.held, v_balance.reserved),
    ('open_holds', h.holds, v_balance.open_holds)
  ) x(problem, expected, found)
  where x.expected <> x.found;

  return query
  select 'holds_due_from', v_balance.ledger_sequence, '<= ' || min(r.expires_at), v_balance.holds_due_from::text
  from stipend.credit_reservations r
  where v_is_full and r.organization_id = p_organization_id and r.status = 'open'
  having min(r.expires_at) < v_balance.holds_due_from;

  return query
  select 'reservation_charge', r.sequence, coalesce(s.charged, 0)::text, r.charged_credits::text
  from stipend.credit_reservations r
  left join (
    select t.reservation_id, sum(t.covered_amount - t.amount) as charged
    from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence > v_base.sequence and t.reservation_id is not null
    group by t.reservation_id
  ) s on s.reservation_id = r.id
  where v_is_full and r.organization_id = p_organization_id and r.status <> 'open'
    and coalesce(r.sequence, v_base.sequence + 1) > v_base.sequence and coalesce(s.charged, 0) <> r.charged_credits;

  -- The charge of a late settle may be older than the base.
  return query
  select 'reservation_charge', t.sequence, (t.covered_amount - t.amount)::text, r.charged_credits::text
  from stipend.credit_transactions t
  join stipend.credit_reservations r on r.organization_id = t.organization_id and r.id = t.reservation_id
  where not v_is_full and t.organization_id = p_organization_id and t.sequence > v_base.sequence
    and r.sequence = t.sequence and r.status <> 'open' and not 'late' = any(t.flags)
    and r.charged_credits <> t.covered_amount - t.amount;

  return query
  select 'budget_held', v_balance.ledger_sequence, coalesce(sum(r.estimated_credits), 0)::text, w.held::text
  from stipend.budget_windows w
  left join stipend.credit_reservations r on r.organization_id = w.organization_id and r.status = 'open'
    and (w.budget_id, w.window_start) in (select * from unnest(r.budget_ids, r.budget_windows))
  where v_is_full and w.organization_id = p_organization_id
  group by w.budget_id, w.window_start, w.held
  having coalesce(sum(r.estimated_credits), 0) <> w.held;

  -- Reservations are kept 90 days, so older windows cannot be proven.
  return query
  select 'budget_used', v_balance.ledger_sequence, coalesce(sum(r.charged_credits), 0)::text, w.used::text
  from stipend.budget_windows w
  left join stipend.credit_reservations r on r.organization_id = w.organization_id and r.status <> 'open'
    and (w.budget_id, w.window_start) in (select * from unnest(r.budget_ids, r.budget_windows))
  where v_is_full and w.organization_id = p_organization_id and w.window_start > clock_timestamp() - interval '90 days'
  group by w.budget_id, w.window_start, w.used
  having coalesce(sum(r.charged_credits), 0) <> w.used;

  return query
  select 'next_due_at', v_balance.ledger_sequence, '<= ' || x.due, v_balance.next_due_at::text
  from (
    select least(v_balance.period_end,
      (select min(g.expires_at) from stipend.credit_grants g where g.organization_id = p_organization_id and g.is_live),
      (select p.paid_until + make_interval(hours => 24 * s.grace_days)
       from stipend.organization_plans p cross join stipend.credit_settings s
       where p.organization_id = p_organization_id and p.status = 'active')) as due
  ) x
  where x.due < v_balance.next_due_at;

  -- A withheld allocation is a source without a row.
  return query
  select 'source', coalesce(t.sequence, s.sequence),
    coalesce(t.source_id, s.source_id) || coalesce(format(' %s %s', t.type, t.amount), ' no row'),
    coalesce(format('%s %s at %s', s.type, s.credits, s.sequence), 'no source')
  from (select * from stipend.credit_transactions x
        where x.organization_id = p_organization_id and x.sequence > v_base.sequence and x.source_id is not null) t
  full join (select * from stipend.credit_sources x
             where x.organization_id = p_organization_id and x.sequence > v_base.sequence
               and x.source_id not like '#withheld:%') s
    on s.source_id = t.source_id
  where (t.sequence, t.type, t.amount) is distinct from (s.sequence, s.type, s.credits);
end;
$$;

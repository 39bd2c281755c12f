-- reads
-- Proves an organization's books, or names what is wrong, a row each: the chain and gapless sequence, each row's
-- balance, the balance row against the ledger's sums pool by pool, charges of ended holds, grants against bonus, open holds against
-- reserved, budget windows against their holds and charges, sources against their rows, next_due_at against what is due. p_from: verify the chain from this sequence on (0: all of it).
create or replace function stipend.verify_ledger(p_organization_id text, p_from bigint default 0)
returns table (problem text, sequence bigint, expected text, found text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
begin
  select b.* into v_balance from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
  if v_balance.organization_id is null then
    perform stipend.refuse('organization_not_found', jsonb_build_object('organizationId', p_organization_id));
  end if;

  return query
  select x.problem, x.sequence, x.expected, x.found
  from (
    select t as row,
      lag(t.sequence, 1, p_from) over w as previous_sequence,
      lag(t.balance_after) over w as previous_balance,
      coalesce(lag(t.hash) over w, case
        when p_from = 0 then sha256(convert_to(p_organization_id, 'UTF8'))
        else (select y.hash from stipend.credit_transactions y
              where y.organization_id = p_organization_id and y.sequence = p_from) end) as previous_hash,
      lag(t.created_at) over w as previous_at
    from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence > p_from
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
      (coalesce(c.previous_balance, case when p_from = 0 then 0 end) + (c.row).monthly_amount + (c.row).bonus_amount + (c.row).debt_amount)::text,
      (c.row).balance_after::text
    where (c.row).balance_after
      <> coalesce(c.previous_balance, case when p_from = 0 then 0 end) + (c.row).monthly_amount + (c.row).bonus_amount + (c.row).debt_amount
    union all
    select 'time', (c.row).sequence, '>= ' || c.previous_at, (c.row).created_at::text
    where (c.row).created_at < c.previous_at
  ) x;

  return query
  select 'head', v_balance.ledger_sequence, coalesce(encode(t.hash, 'hex'), 'no row'), encode(v_balance.ledger_hash, 'hex')
  from (select 1) one
  left join stipend.credit_transactions t
    on t.organization_id = p_organization_id and t.sequence = v_balance.ledger_sequence
  where v_balance.ledger_sequence > 0 and t.hash is distinct from v_balance.ledger_hash;

  return query
  select 'beyond_head', max(t.sequence), v_balance.ledger_sequence::text, max(t.sequence)::text
  from stipend.credit_transactions t where t.organization_id = p_organization_id
  having max(t.sequence) > v_balance.ledger_sequence;

  return query
  select x.problem, v_balance.ledger_sequence, x.expected::text, x.found::text
  from (
    select coalesce(sum(t.monthly_amount), 0) as monthly, coalesce(sum(t.bonus_amount), 0) as bonus,
      coalesce(-sum(t.debt_amount), 0) as debt,
      coalesce(sum(t.covered_amount - t.amount) filter (
        where t.reservation_id is not null and t.created_at >= v_balance.period_start), 0) as used
    from stipend.credit_transactions t where t.organization_id = p_organization_id
  ) s
  cross join lateral (
    select coalesce(sum(g.remaining), 0) as remaining from stipend.credit_grants g
    where g.organization_id = p_organization_id and g.is_live
  ) g
  cross join lateral (
    select coalesce(sum(r.held_credits), 0) as held, count(*) as holds, min(r.expires_at) as first_due
    from stipend.credit_reservations r where r.organization_id = p_organization_id and r.status = 'open'
  ) h
  cross join lateral (values
    ('monthly_left', s.monthly, v_balance.monthly_left),
    ('bonus', s.bonus, v_balance.bonus),
    ('grants', g.remaining, v_balance.bonus),
    ('debt', s.debt, v_balance.debt),
    ('used_this_period', s.used, v_balance.used_this_period),
    ('reserved', h.held, v_balance.reserved),
    ('open_holds', h.holds, v_balance.open_holds)
  ) x(problem, expected, found)
  where x.expected <> x.found;

  return query
  select 'holds_due_from', v_balance.ledger_sequence, '<= ' || min(r.expires_at), v_balance.holds_due_from::text
  from stipend.credit_reservations r
  where r.organization_id = p_organization_id and r.status = 'open'
  having min(r.expires_at) < v_balance.holds_due_from;

  return query
  select 'reservation_charge', r.sequence, coalesce(s.charged, 0)::text, r.charged_credits::text
  from stipend.credit_reservations r
  left join (
    select t.reservation_id, sum(t.covered_amount - t.amount) as charged
    from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.reservation_id is not null
    group by t.reservation_id
  ) s on s.reservation_id = r.id
  where r.organization_id = p_organization_id and r.status <> 'open' and coalesce(s.charged, 0) <> r.charged_credits;

  return query
  select 'budget_held', v_balance.ledger_sequence, coalesce(sum(r.estimated_credits), 0)::text, w.held::text
  from stipend.budget_windows w
  left join stipend.credit_reservations r on r.organization_id = w.organization_id and r.status = 'open'
    and (w.budget_id, w.window_start) in (select * from unnest(r.budget_ids, r.budget_windows))
  where w.organization_id = p_organization_id
  group by w.budget_id, w.window_start, w.held
  having coalesce(sum(r.estimated_credits), 0) <> w.held;

  -- Reservations are kept 90 days, so older windows cannot be proven.
  return query
  select 'budget_used', v_balance.ledger_sequence, coalesce(sum(r.charged_credits), 0)::text, w.used::text
  from stipend.budget_windows w
  left join stipend.credit_reservations r on r.organization_id = w.organization_id and r.status <> 'open'
    and (w.budget_id, w.window_start) in (select * from unnest(r.budget_ids, r.budget_windows))
  where w.organization_id = p_organization_id and w.window_start > clock_timestamp() - interval '90 days'
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
        where x.organization_id = p_organization_id and x.source_id is not null) t
  full join (select * from stipend.credit_sources x
             where x.organization_id = p_organization_id and x.source_id not like '#withheld:%') s
    on s.source_id = t.source_id
  where (t.sequence, t.type, t.amount) is distinct from (s.sequence, s.type, s.credits);
end;
$$;

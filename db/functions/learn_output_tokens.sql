-- Reads charges that no run has read yet, of at most p_limit organizations, and learns from them how long answers are.
-- Answers how many rows of the ledger it read; 0: nothing is new, or another run is at it.
-- Charges by counted, partial or made-up usage teach nothing. From 10,000 calls on the older half weighs half.
create or replace function stipend.learn_output_tokens(p_limit integer default 500) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
  c_rows   constant integer := 1000;    -- of an organization in one run
  c_calls  constant integer := 200;     -- before that the output cap is expected
  c_most   constant integer := 10000;
  v_read   integer;
begin
  if not pg_try_advisory_xact_lock(hashtext('stipend.learn_output_tokens')) then
    return 0;
  end if;
  with behind as (
    select b.organization_id, coalesce(c.sequence, 0) as seen,
      least(b.ledger_sequence, coalesce(c.sequence, 0) + c_rows) as upto
    from stipend.organization_credit_balances b
    left join stipend.output_estimate_cursors c on c.organization_id = b.organization_id
    where b.ledger_sequence > coalesce(c.sequence, 0)
    order by b.organization_id
    limit p_limit
  ), moved as (
    insert into stipend.output_estimate_cursors as c (organization_id, sequence)
    select organization_id, upto from behind
    on conflict (organization_id) do update set sequence = excluded.sequence
  ), lengths as (
    select t.capability, t.quality,
      floor(8 * log(2, (t.provider_metadata -> 'usage' ->> 'outputTokens')::numeric + 1))::smallint as bucket,
      count(*)::integer as calls
    from behind o
    join stipend.credit_transactions t
      on t.organization_id = o.organization_id and t.sequence > o.seen and t.sequence <= o.upto
    where t.type = 'ai_consumption' and jsonb_typeof(t.provider_metadata -> 'usage' -> 'outputTokens') = 'number'
      and (t.provider_metadata -> 'usage' ->> 'outputTokens')::numeric between 1 and 10000000
      and not t.flags && '{provisional,review,partial,estimated,simulated,rejected,ambiguous}'
    group by 1, 2, 3
  ), counted as (
    insert into stipend.output_lengths as l (capability, quality, bucket, calls)
    select capability, quality, bucket, calls from lengths
    on conflict (capability, quality, bucket) do update set calls = l.calls + excluded.calls
  )
  select coalesce(sum(upto - seen), 0)::integer into v_read from behind;
  if v_read = 0 then
    return 0;
  end if;

  update stipend.output_lengths l set calls = l.calls / 2
  from (
    select capability, quality from stipend.output_lengths group by 1, 2 having sum(calls) > c_most
  ) x
  where l.capability = x.capability and l.quality = x.quality;

  insert into stipend.output_estimates as e (capability, quality, calls, expected_output_tokens, learned_at)
  select x.capability, x.quality, max(x.total),
    case when max(x.total) >= c_calls then
      (ceil(power(2::numeric, (min(x.bucket) filter (where x.upto >= 0.95 * x.total) + 1) / 8.0)) - 1)::integer end,
    clock_timestamp()
  from (
    select l.capability, l.quality, l.bucket,
      sum(l.calls) over (partition by l.capability, l.quality order by l.bucket)::integer as upto,
      sum(l.calls) over (partition by l.capability, l.quality)::integer as total
    from stipend.output_lengths l
  ) x
  group by x.capability, x.quality
  on conflict (capability, quality) do update
  set calls = excluded.calls, expected_output_tokens = excluded.expected_output_tokens, learned_at = excluded.learned_at;

  update stipend.catalog_offers o set expected_output_tokens = e.expected_output_tokens
  from stipend.output_estimates e
  where o.is_current and o.capability = e.capability and o.quality = e.quality
    and o.expected_output_tokens is distinct from e.expected_output_tokens;
  return v_read;
end;
$$;

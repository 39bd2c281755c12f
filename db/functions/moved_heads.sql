-- reads
-- Where the ledgers of up to p_limit organizations after p_after (by id) stand that have moved since their last head in a
-- checkpoint. Amounts in hundredths, times in UTC microseconds.
create or replace function stipend.moved_heads(p_after text, p_limit integer)
returns table (
  organization_id text, sequence bigint, hash text, monthly_left bigint, bonus bigint, debt bigint,
  used_this_period bigint, period_start bigint, ledger_at bigint, trusted_sequence bigint
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select b.organization_id, b.ledger_sequence, encode(b.ledger_hash, 'hex'), (b.monthly_left * 100)::bigint,
    (b.bonus * 100)::bigint, (b.debt * 100)::bigint, (b.used_this_period * 100)::bigint,
    (extract(epoch from b.period_start) * 1000000)::bigint, (extract(epoch from b.ledger_at) * 1000000)::bigint,
    h.sequence
  from stipend.organization_credit_balances b
  left join lateral (
    select x.sequence from stipend.ledger_checkpoint_heads x
    where x.organization_id = b.organization_id order by x.checkpoint desc limit 1
  ) h on true
  where b.organization_id > p_after and b.ledger_sequence > coalesce(h.sequence, 0)
  order by b.organization_id
  limit p_limit;
$$;

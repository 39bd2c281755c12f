-- Adds a signed checkpoint and its heads; false: another one has taken its number meanwhile. The signature is for readers
-- to check: the database has no key. Amounts in hundredths, times in UTC microseconds.
create or replace function stipend.add_checkpoint(
  p_number bigint, p_previous_hash bytea, p_hash bytea, p_heads_digest bytea, p_key_id text, p_token text,
  p_created_at timestamptz, p_organization text[], p_sequence bigint[], p_head_hash text[], p_monthly bigint[],
  p_bonus bigint[], p_debt bigint[], p_used bigint[], p_period_start bigint[], p_ledger_at bigint[]
) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtext('stipend.add_checkpoint'));
  if p_number <> (select coalesce(max(c.number), 0) + 1 from stipend.ledger_checkpoints c) then
    return false;
  end if;
  insert into stipend.ledger_checkpoints (
    number, previous_hash, hash, organizations, heads_digest, key_id, token, created_at)
  values (p_number, p_previous_hash, p_hash, cardinality(p_organization), p_heads_digest, p_key_id, p_token, p_created_at);
  insert into stipend.ledger_checkpoint_heads (
    organization_id, checkpoint, sequence, hash, monthly_left, bonus, debt, used_this_period, period_start, ledger_at)
  select u.organization, p_number, u.sequence, decode(u.hash, 'hex'), u.monthly * 0.01, u.bonus * 0.01, u.debt * 0.01,
    u.used * 0.01, timestamptz 'epoch' + u.period_start * interval '1 microsecond',
    timestamptz 'epoch' + u.ledger_at * interval '1 microsecond'
  from unnest(p_organization, p_sequence, p_head_hash, p_monthly, p_bonus, p_debt, p_used, p_period_start, p_ledger_at)
    u(organization, sequence, hash, monthly, bonus, debt, used, period_start, ledger_at);
  return true;
end;
$$;

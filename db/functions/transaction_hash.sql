-- The hash of a ledger row: sha256 over a JSON array of a format version, the row's fields in fixed order,
-- amounts in hundredths, cost in nano-dollars, times in UTC microseconds, and the previous row's hash.
create or replace function stipend.transaction_hash(r stipend.credit_transactions, p_previous bytea)
returns bytea
language sql immutable
as $$
  select sha256(convert_to(json_build_array(
    1, r.organization_id, r.sequence, r.type,
    (r.amount * 100)::bigint, (r.monthly_amount * 100)::bigint, (r.bonus_amount * 100)::bigint,
    (r.debt_amount * 100)::bigint, (r.covered_amount * 100)::bigint, (r.balance_after * 100)::bigint,
    r.reservation_id, r.plan, r.capability, r.quality, r.model,
    (r.estimated_credits * 100)::bigint, (r.uncharged_credits * 100)::bigint, (r.cost_usd * 1000000000)::bigint,
    r.flags, r.actor_type, r.actor_id, encode(r.actor_digest, 'hex'),
    r.subject_type, r.subject_id, encode(r.subject_digest, 'hex'),
    r.form_id, r.source_id, r.reason, r.provider_metadata::text, r.payment_metadata::text,
    (extract(epoch from r.effective_at) * 1000000)::bigint, (extract(epoch from r.created_at) * 1000000)::bigint,
    encode(p_previous, 'hex'))::text, 'UTF8'));
$$;

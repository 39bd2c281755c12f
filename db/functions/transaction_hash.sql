-- reads
-- What a ledger row's hash is of: a JSON array of a format version, the row's fields in fixed order, amounts in
-- hundredths, cost in nano-dollars, times in UTC microseconds, and the previous row's hash.
-- Plain SQL over scalars, so that it is inlined where rows are posted one after the other.
create or replace function stipend.transaction_record(
  p_previous bytea, p_organization_id text, p_sequence bigint, p_type text,
  p_amount numeric, p_monthly numeric, p_bonus numeric, p_debt numeric, p_covered numeric, p_balance_after numeric,
  p_reservation_id uuid, p_plan text, p_capability text, p_quality text, p_model text,
  p_estimated numeric, p_uncharged numeric, p_cost_usd numeric, p_flags text[],
  p_actor_type text, p_actor_id text, p_actor_digest bytea,
  p_subject_type text, p_subject_id text, p_subject_digest bytea, p_form_id text,
  p_source_id text, p_reason text, p_provider_metadata jsonb, p_payment_metadata jsonb,
  p_effective_at timestamptz, p_created_at timestamptz
) returns text
language sql stable
as $$
  select json_build_array(
    1, p_organization_id, p_sequence, p_type,
    (p_amount * 100)::bigint, (p_monthly * 100)::bigint, (p_bonus * 100)::bigint, (p_debt * 100)::bigint,
    (p_covered * 100)::bigint, (p_balance_after * 100)::bigint,
    p_reservation_id, p_plan, p_capability, p_quality, p_model,
    (p_estimated * 100)::bigint, (p_uncharged * 100)::bigint, (p_cost_usd * 1000000000)::bigint, p_flags,
    p_actor_type, p_actor_id, encode(p_actor_digest, 'hex'),
    p_subject_type, p_subject_id, encode(p_subject_digest, 'hex'), p_form_id,
    p_source_id, p_reason, p_provider_metadata::text, p_payment_metadata::text,
    (extract(epoch from p_effective_at) * 1000000)::bigint, (extract(epoch from p_created_at) * 1000000)::bigint,
    encode(p_previous, 'hex'))::text;
$$;

create or replace function stipend.transaction_record(r stipend.credit_transactions, p_previous bytea)
returns text
language sql stable
as $$
  select stipend.transaction_record(
    p_previous, r.organization_id, r.sequence, r.type, r.amount, r.monthly_amount, r.bonus_amount, r.debt_amount,
    r.covered_amount, r.balance_after, r.reservation_id, r.plan, r.capability, r.quality, r.model,
    r.estimated_credits, r.uncharged_credits, r.cost_usd, r.flags, r.actor_type, r.actor_id, r.actor_digest,
    r.subject_type, r.subject_id, r.subject_digest, r.form_id, r.source_id, r.reason, r.provider_metadata,
    r.payment_metadata, r.effective_at, r.created_at);
$$;

-- The hash of a ledger row: sha256 over its record.
create or replace function stipend.transaction_hash(
  p_previous bytea, p_organization_id text, p_sequence bigint, p_type text,
  p_amount numeric, p_monthly numeric, p_bonus numeric, p_debt numeric, p_covered numeric, p_balance_after numeric,
  p_reservation_id uuid, p_plan text, p_capability text, p_quality text, p_model text,
  p_estimated numeric, p_uncharged numeric, p_cost_usd numeric, p_flags text[],
  p_actor_type text, p_actor_id text, p_actor_digest bytea,
  p_subject_type text, p_subject_id text, p_subject_digest bytea, p_form_id text,
  p_source_id text, p_reason text, p_provider_metadata jsonb, p_payment_metadata jsonb,
  p_effective_at timestamptz, p_created_at timestamptz
) returns bytea
language sql stable
as $$
  select sha256(convert_to(stipend.transaction_record(
    p_previous, p_organization_id, p_sequence, p_type, p_amount, p_monthly, p_bonus, p_debt, p_covered, p_balance_after,
    p_reservation_id, p_plan, p_capability, p_quality, p_model, p_estimated, p_uncharged, p_cost_usd, p_flags,
    p_actor_type, p_actor_id, p_actor_digest, p_subject_type, p_subject_id, p_subject_digest, p_form_id,
    p_source_id, p_reason, p_provider_metadata, p_payment_metadata, p_effective_at, p_created_at), 'UTF8'));
$$;

create or replace function stipend.transaction_hash(r stipend.credit_transactions, p_previous bytea)
returns bytea
language sql stable
as $$
  select sha256(convert_to(stipend.transaction_record(r, p_previous), 'UTF8'));
$$;

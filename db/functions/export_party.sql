-- reads
-- All that one organization's tables say of a person, as JSON: each version of the party, the calls that the person
-- caused or that concern them with their charges, uses of limits, and answers that are still kept for replays.
create or replace function stipend.export_party(p_organization_id text, p_party_type text, p_party_id text)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with calls as (
    select r.id, r.status, r.created_at, r.actor_id = p_party_id and r.actor_type = p_party_type as is_actor
    from stipend.credit_reservations r
    where r.organization_id = p_organization_id
      and ((r.actor_type = p_party_type and r.actor_id = p_party_id)
        or (r.subject_type = p_party_type and r.subject_id = p_party_id))
  )
  select jsonb_build_object(
    'organizationId', p_organization_id,
    'versions', (
      select coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'email', p.email,
        'createdAt', p.created_at, 'erasedAt', p.erased_at) order by p.created_at), '[]')
      from stipend.credit_parties p
      where p.organization_id = p_organization_id and p.party_id = p_party_id and p.party_type = p_party_type),
    'transactions', (
      select coalesce(jsonb_agg(jsonb_build_object('sequence', t.sequence, 'type', t.type,
        'role', case when t.actor_type = p_party_type and t.actor_id = p_party_id then 'actor' else 'subject' end,
        'amount', t.amount, 'covered', t.covered_amount, 'capability', t.capability, 'quality', t.quality,
        'model', t.model, 'formId', t.form_id, 'reservationId', t.reservation_id, 'reason', t.reason,
        'createdAt', t.created_at) order by t.sequence), '[]')
      from stipend.credit_transactions t
      where t.organization_id = p_organization_id
        and ((t.actor_type = p_party_type and t.actor_id = p_party_id)
          or (t.subject_type = p_party_type and t.subject_id = p_party_id))),
    'reservations', (
      select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'status', c.status,
        'role', case when c.is_actor then 'actor' else 'subject' end,
        'createdAt', c.created_at) order by c.id), '[]')
      from calls c),
    'uses', (
      select coalesce(jsonb_agg(jsonb_build_object('limitKey', u.limit_key, 'reservationId', u.reservation_id,
        'usedAt', u.used_at) order by u.used_at, u.limit_key), '[]')
      from stipend.customer_uses u join calls c on c.id = u.reservation_id
      where u.organization_id = p_organization_id),
    'replies', (
      select coalesce(jsonb_agg(jsonb_build_object('reservationId', y.reservation_id, 'reply', y.reply,
        'createdAt', y.created_at) order by y.created_at), '[]')
      from stipend.reservation_replies y join calls c on c.id = y.reservation_id
      where y.organization_id = p_organization_id));
$$;

-- reads
-- The organizations that have stored anything of a person, in order.
create or replace function stipend.party_organizations(p_party_type text, p_party_id text)
returns table (organization_id text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p.organization_id from stipend.credit_parties p where p.party_type = p_party_type and p.party_id = p_party_id
  union
  select r.organization_id from stipend.credit_reservations r
  where (r.actor_type = p_party_type and r.actor_id = p_party_id)
    or (r.subject_type = p_party_type and r.subject_id = p_party_id)
  union
  select t.organization_id from stipend.credit_transactions t
  where (t.actor_type = p_party_type and t.actor_id = p_party_id)
    or (t.subject_type = p_party_type and t.subject_id = p_party_id)
  union
  select n.organization_id from stipend.notification_preferences n
  where n.actor_type = p_party_type and n.actor_id = p_party_id
  union
  select n.organization_id from stipend.notification_reads n
  where n.actor_type = p_party_type and n.actor_id = p_party_id
  union
  select m.organization_id from stipend.message_deliveries m
  where m.recipient_type = p_party_type and m.recipient_id = p_party_id
  order by 1;
$$;

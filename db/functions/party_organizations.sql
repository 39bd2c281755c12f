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
  order by 1;
$$;

-- Ends a key of an organization (NULL: of the platform) at once; whether there is such a key.
create or replace function stipend.revoke_api_key(p_organization_id text, p_id uuid) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update stipend.api_keys k set revoked_at = coalesce(k.revoked_at, now())
  where k.id = p_id and k.organization_id is not distinct from p_organization_id;
  return found;
end;
$$;

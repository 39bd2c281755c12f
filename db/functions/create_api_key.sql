-- Adds a key by the sha256 of its secret; organization NULL: a platform key.
create or replace function stipend.create_api_key(
  p_id uuid, p_organization_id text, p_name text, p_prefix text, p_hash bytea, p_scopes text[], p_created_by text,
  p_expires_at timestamptz
) returns timestamptz
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_created_at  timestamptz;
begin
  if p_organization_id is not null
    and not exists (select from stipend.organizations o where o.id = p_organization_id) then
    perform stipend.refuse('organization_not_found', jsonb_build_object('organizationId', p_organization_id));
  end if;
  insert into stipend.api_keys (id, organization_id, name, prefix, hash, scopes, created_by, expires_at)
  values (p_id, p_organization_id, p_name, p_prefix, p_hash, p_scopes, p_created_by, p_expires_at)
  returning created_at into v_created_at;
  return v_created_at;
end;
$$;

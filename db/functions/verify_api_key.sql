-- The key with this hash, unless revoked or expired; it says whose it is, so that no organization is named. Its use is
-- noted once a minute.
create or replace function stipend.verify_api_key(p_hash bytea)
returns table (
  id uuid, organization_id text, name text, prefix text, scopes text[], created_by text, created_at timestamptz,
  expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_key  stipend.api_keys;
begin
  select k.* into v_key from stipend.api_keys k
  where k.hash = p_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
  if v_key.id is null then
    return;
  end if;
  if v_key.last_used_at is null or v_key.last_used_at < now() - interval '1 minute' then
    update stipend.api_keys k set last_used_at = now() where k.id = v_key.id;
  end if;
  return query select v_key.id, v_key.organization_id, v_key.name, v_key.prefix, v_key.scopes, v_key.created_by,
    v_key.created_at, v_key.expires_at, v_key.revoked_at, v_key.last_used_at;
end;
$$;

-- internal
-- Whether a reading may be applied: none that began later has been.
create or replace function stipend.apply_stripe_sync(p_organization_id text, p_object_id text, p_sync bigint)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update stipend.stripe_syncs s set applied = p_sync
  where s.organization_id = p_organization_id and s.object_id = p_object_id and s.applied < p_sync;
  return found;
end;
$$;

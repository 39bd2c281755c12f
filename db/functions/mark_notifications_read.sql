-- Marks an organization's notices up to one as read by a person; what was read stays read.
create or replace function stipend.mark_notifications_read(
  p_organization_id text, p_actor_type text, p_actor_id text, p_up_to bigint
) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into stipend.notification_reads as r (organization_id, actor_type, actor_id, read_up_to)
  select p_organization_id, p_actor_type, p_actor_id, least(p_up_to, max(n.id))
  from stipend.notifications n where n.organization_id = p_organization_id
  having max(n.id) is not null
  on conflict (organization_id, actor_type, actor_id) do update
    set read_up_to = greatest(r.read_up_to, excluded.read_up_to);
$$;

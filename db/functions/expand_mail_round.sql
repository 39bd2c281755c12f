-- Adds a mail for each of the people given who wants one of the kind, and ends the round. p_preference: low_balance,
-- depleted, or NULL for what cannot be switched off. How many; NULL: somebody else has taken the round.
create or replace function stipend.expand_mail_round(
  p_organization_id text, p_id uuid, p_lease uuid, p_preference text, p_actor_types text[], p_actor_ids text[]
) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count  integer;
begin
  perform from stipend.message_deliveries m
  where m.organization_id = p_organization_id and m.id = p_id and m.lease = p_lease for update;
  if not found then
    return null;
  end if;
  insert into stipend.message_deliveries (
    organization_id, channel, event_id, type, payload, event_at, recipient_type, recipient_id)
  select m.organization_id, 'mail', m.event_id, m.type, m.payload, m.event_at, a.type, a.id
  from stipend.message_deliveries m
  cross join (select distinct * from unnest(p_actor_types, p_actor_ids)) a(type, id)
  left join stipend.notification_preferences n
    on n.organization_id = m.organization_id and n.actor_type = a.type and n.actor_id = a.id
  where m.organization_id = p_organization_id and m.id = p_id
    and case p_preference when 'low_balance' then coalesce(n.low_balance_email, true)
      when 'depleted' then coalesce(n.depleted_email, true) else true end
  on conflict (organization_id, event_id, channel, recipient_type, recipient_id) do nothing;
  get diagnostics v_count = row_count;
  perform stipend.finish_message(p_organization_id, p_id, p_lease, 'delivered', null);
  return v_count;
end;
$$;

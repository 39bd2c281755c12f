-- Counts that have to outlast better-auth's own, which forgets after its longest window: wrong passwords of an account,
-- letters to an address. Keys are digests.
create table auth.counters (
  key           text primary key,
  count         integer not null,
  last_request  bigint not null  -- milliseconds since 1970
);

-- Who made an organization, for ever: each made one brings a welcome bonus.
create table auth.organization_makers (
  organization_id  text primary key,
  user_id          text not null
);
create index organization_makers_user_id_idx on auth.organization_makers (user_id);

grant select, insert, update, delete on auth.counters to stipend_server;
grant select, insert on auth.organization_makers to stipend_server;

-- Invitations of somebody who may not invite any more are void, or they would come back by their own.
create function auth.cancel_invitations() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.role in ('admin', 'owner') and new.organization_id = old.organization_id then
    return null;
  end if;
  update auth.invitations set status = 'canceled'
  where organization_id = old.organization_id and inviter_id = old.user_id and status = 'pending';
  return null;
end
$$;
revoke all on function auth.cancel_invitations() from public;

create trigger cancel_invitations
  after delete or update of role, organization_id on auth.members
  for each row when (old.role in ('admin', 'owner'))
  execute function auth.cancel_invitations();

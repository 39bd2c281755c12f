-- better-auth's tables, by the names of src/identity/auth-tables.ts, with what better-auth does not ask for: rules that
-- hold whatever a program believes. Looked up by person or token before any organization is known, so these are
-- reference tables when distributed. Nobody but the server's own role reads them.

create table auth.users (
  id              text primary key,
  name            text not null,
  email           text not null unique check (email = lower(email)),
  email_verified  boolean not null,
  image           text,
  created_at      timestamptz not null default clock_timestamp(),
  updated_at      timestamptz not null default clock_timestamp()
);

create table auth.sessions (
  id                      text primary key,
  expires_at              timestamptz not null,
  token                   text not null unique,
  created_at              timestamptz not null default clock_timestamp(),
  updated_at              timestamptz not null,
  ip_address              text,
  user_agent              text,
  user_id                 text not null references auth.users (id) on delete cascade,
  active_organization_id  text
);
create index sessions_user_id_idx on auth.sessions (user_id);

-- A way to sign in: a password's hash, or somebody at a provider.
create table auth.accounts (
  id                        text primary key,
  account_id                text not null,
  provider_id               text not null,
  user_id                   text not null references auth.users (id) on delete cascade,
  access_token              text,
  refresh_token             text,
  id_token                  text,
  access_token_expires_at   timestamptz,
  refresh_token_expires_at  timestamptz,
  scope                     text,
  password                  text,
  created_at                timestamptz not null default clock_timestamp(),
  updated_at                timestamptz not null,
  unique (provider_id, account_id)
);
create index accounts_user_id_idx on auth.accounts (user_id);

-- What a link proves; identifiers are hashed.
create table auth.verifications (
  id          text primary key,
  identifier  text not null,
  value       text not null,
  expires_at  timestamptz not null,
  created_at  timestamptz not null default clock_timestamp(),
  updated_at  timestamptz not null default clock_timestamp()
);
create index verifications_identifier_idx on auth.verifications (identifier);

-- The id is Stipend's organization_id.
create table auth.organizations (
  id          text primary key,
  name        text not null,
  slug        text not null unique,
  logo        text,
  created_at  timestamptz not null,
  metadata    text
);

create table auth.members (
  id               text primary key,
  organization_id  text not null references auth.organizations (id) on delete cascade,
  user_id          text not null references auth.users (id) on delete cascade,
  role             text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  created_at       timestamptz not null,
  unique (organization_id, user_id)
);
create index members_organization_id_idx on auth.members (organization_id);
create index members_user_id_idx on auth.members (user_id);

create table auth.invitations (
  id               text primary key,
  organization_id  text not null references auth.organizations (id) on delete cascade,
  email            text not null check (email = lower(email)),
  role             text not null check (role in ('viewer', 'member', 'admin', 'owner')),
  status           text not null check (status in ('pending', 'accepted', 'rejected', 'canceled')),
  expires_at       timestamptz not null,
  created_at       timestamptz not null default clock_timestamp(),
  inviter_id       text not null references auth.users (id) on delete cascade
);
create index invitations_organization_id_idx on auth.invitations (organization_id);
create index invitations_email_idx on auth.invitations (email);

-- Key pairs of tokens; private keys are sealed with AUTH_SECRET.
create table auth.jwks (
  id           text primary key,
  public_key   text not null,
  private_key  text not null,
  created_at   timestamptz not null,
  expires_at   timestamptz,
  alg          text,
  crv          text
);

create table auth.rate_limits (
  id            text primary key,
  key           text not null unique,
  count         integer not null,
  last_request  bigint not null  -- milliseconds since 1970
);

-- An organization that has an owner keeps one. Its row is locked first: of two owners who leave at the same moment the
-- second one waits, and then sees, in a statement of its own, that the first has gone.
create function auth.keep_an_owner() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.role = 'owner' and new.organization_id = old.organization_id then
    return null;
  end if;
  perform from auth.organizations where id = old.organization_id for no key update;
  -- The organization itself is going.
  if not found then
    return null;
  end if;
  perform from auth.members where organization_id = old.organization_id and role = 'owner' limit 1;
  if not found then
    raise exception 'an organization keeps at least one owner'
      using errcode = 'check_violation', schema = 'auth', table = 'members', constraint = 'members_last_owner';
  end if;
  return null;
end
$$;
revoke all on function auth.keep_an_owner() from public;

create trigger keep_an_owner
  after delete or update of role, organization_id on auth.members
  for each row when (old.role = 'owner')
  execute function auth.keep_an_owner();

grant usage on schema auth to stipend_server;
grant select, insert, update, delete on
  auth.users, auth.sessions, auth.accounts, auth.verifications, auth.organizations, auth.members, auth.invitations,
  auth.jwks, auth.rate_limits
  to stipend_server;

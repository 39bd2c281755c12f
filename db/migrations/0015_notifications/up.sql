-- What organizations are told, and whether it arrived: webhooks, mails, Slack, notices in the console.

-- Endpoints of an organization's own programs. Failing for five days, or answering 410, one is disabled.
create table stipend.webhook_endpoints (
  organization_id    text not null references stipend.organizations (id),
  id                 uuid not null,
  url                text not null,
  description        text,
  events             text[] check (events <> '{}'),     -- NULL: all but credits.consumption
  is_enabled         boolean not null default true,
  disabled_reason    text check (disabled_reason in ('by_admin', 'failing', 'gone')),
  disabled_at        timestamptz,
  consumption_since  timestamptz,                        -- from when on it is told of charges; NULL: it is not
  failing_since      timestamptz,                        -- the first failure after the last success
  last_attempt_at    timestamptz,
  last_success_at    timestamptz,
  last_status        integer,
  last_error         text,
  created_at         timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  check (is_enabled = (disabled_reason is null) and is_enabled = (disabled_at is null))
);
create index webhook_endpoints_of_charges on stipend.webhook_endpoints (organization_id)
  where is_enabled and consumption_since is not null;

-- What deliveries are signed with; while one is replaced two of them. Sealed where the host has given a key for that.
-- For functions alone to read.
create table stipend.webhook_secrets (
  organization_id  text not null,
  endpoint_id      uuid not null,
  id               uuid not null,
  secret           text not null,
  created_at       timestamptz not null default clock_timestamp(),
  expires_at       timestamptz,                          -- NULL: the current one
  primary key (organization_id, endpoint_id, id),
  foreign key (organization_id, endpoint_id) references stipend.webhook_endpoints (organization_id, id) on delete cascade
);
create unique index webhook_secrets_current on stipend.webhook_secrets (organization_id, endpoint_id)
  where expires_at is null;

-- An event for an endpoint. Taken for a minute at a time by whoever sends it.
create table stipend.webhook_deliveries (
  organization_id  text not null,
  id               uuid not null default gen_random_uuid(),
  endpoint_id      uuid not null,
  event_id         text not null,
  type             text not null,
  payload          jsonb not null,
  event_at         timestamptz not null,
  status           text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempts         integer not null default 0,           -- all of them, those by hand too
  failures         integer not null default 0,           -- since it was last due anew: says how long to wait
  next_attempt_at  timestamptz not null default clock_timestamp(),
  lease            uuid,
  leased_until     timestamptz not null default '-infinity',
  created_at       timestamptz not null default clock_timestamp(),
  finished_at      timestamptz,
  primary key (organization_id, id),
  unique (organization_id, endpoint_id, event_id),
  foreign key (organization_id, endpoint_id) references stipend.webhook_endpoints (organization_id, id) on delete cascade,
  check ((status = 'pending') = (finished_at is null))
);
create index webhook_deliveries_due on stipend.webhook_deliveries (organization_id, endpoint_id, next_attempt_at)
  where status = 'pending';
create index webhook_deliveries_under_way on stipend.webhook_deliveries (organization_id, endpoint_id, leased_until)
  where lease is not null;
create index webhook_deliveries_by_time on stipend.webhook_deliveries (organization_id, endpoint_id, created_at, id);
create index webhook_deliveries_old on stipend.webhook_deliveries (created_at);

-- The log: what an endpoint answered, never the words of it.
create table stipend.webhook_attempts (
  organization_id  text not null,
  delivery_id      uuid not null,
  number           integer not null,
  attempted_at     timestamptz not null,
  status           integer,                              -- of HTTP; NULL: there was no answer
  error            text,                                 -- kind of failure
  ms               integer not null,
  primary key (organization_id, delivery_id, number),
  foreign key (organization_id, delivery_id) references stipend.webhook_deliveries (organization_id, id) on delete cascade
);

-- Notices in the console, newest id last.
create table stipend.notifications (
  organization_id  text not null references stipend.organizations (id),
  id               bigint generated always as identity,
  event_id         text not null,
  type             text not null,
  payload          jsonb not null,
  created_at       timestamptz not null,
  primary key (organization_id, id),
  unique (organization_id, event_id)
);
create index notifications_old on stipend.notifications (created_at);

-- Up to where somebody has read them.
create table stipend.notification_reads (
  organization_id  text not null references stipend.organizations (id),
  actor_type       text not null,
  actor_id         text not null,
  read_up_to       bigint not null,
  primary key (organization_id, actor_type, actor_id)
);

alter table stipend.notification_preferences add in_app boolean not null default true;

-- An organization's own settings of that kind. The address of its Slack channel is a secret: for functions to read.
create table stipend.notification_settings (
  organization_id        text primary key references stipend.organizations (id),
  slack_url              text,
  slack_connected        boolean generated always as (slack_url is not null) stored,
  slack_last_error       text,
  low_balance_mailed_at  timestamptz                     -- time of the last event that mails were sent for
);

-- Mails and posts to Slack. A mail_round finds out who of the organization gets a mail and adds those.
-- The recipient is a person's id: where their mail goes is asked of the host when it is sent.
create table stipend.message_deliveries (
  organization_id  text not null references stipend.organizations (id),
  id               uuid not null default gen_random_uuid(),
  channel          text not null check (channel in ('mail_round', 'mail', 'slack')),
  event_id         text not null,
  type             text not null,
  payload          jsonb not null,
  event_at         timestamptz not null,
  recipient_type   text not null default '',
  recipient_id     text not null default '',
  status           text not null default 'pending' check (status in ('pending', 'delivered', 'failed', 'dropped')),
  failures         integer not null default 0,
  next_attempt_at  timestamptz not null default clock_timestamp(),
  lease            uuid,
  leased_until     timestamptz not null default '-infinity',
  last_error       text,
  created_at       timestamptz not null default clock_timestamp(),
  finished_at      timestamptz,
  primary key (organization_id, id),
  unique (organization_id, event_id, channel, recipient_type, recipient_id),
  check ((channel = 'mail') = (recipient_id <> '') and (status = 'pending') = (finished_at is null))
);
create index message_deliveries_due on stipend.message_deliveries (next_attempt_at) where status = 'pending';
create index message_deliveries_old on stipend.message_deliveries (created_at);

do $$
declare
  v_table  text;
begin
  foreach v_table in array array[
    'webhook_endpoints', 'webhook_secrets', 'webhook_deliveries', 'webhook_attempts', 'notifications',
    'notification_reads', 'notification_settings', 'message_deliveries'
  ] loop
    execute format('alter table stipend.%I enable row level security', v_table);
    execute format('create policy functions on stipend.%I to stipend_ledger using (true) with check (true)', v_table);
    execute format(
      'create policy own_rows on stipend.%I for select to stipend_tenant using (organization_id = nullif(current_setting(%L, true), %L))',
      v_table, 'stipend.organization_id', '');
    execute format('create policy all_rows on stipend.%I for select to stipend_operator using (true)', v_table);
    execute format('grant select, insert, update, delete on stipend.%I to stipend_ledger', v_table);
  end loop;
end;
$$;
grant select on stipend.webhook_endpoints, stipend.webhook_deliveries, stipend.webhook_attempts, stipend.notifications,
  stipend.notification_reads, stipend.message_deliveries to stipend_tenant, stipend_operator;
grant select (organization_id, endpoint_id, id, created_at, expires_at)
  on stipend.webhook_secrets to stipend_tenant, stipend_operator;
grant select (organization_id, slack_connected, slack_last_error, low_balance_mailed_at)
  on stipend.notification_settings to stipend_tenant, stipend_operator;

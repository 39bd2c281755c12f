-- Settles that could not be posted when their call ended: a worker posts each once. `input` may hold the reply kept
-- for replays, so it is closed to the server's reads and loses the reply after 48 hours.
create table stipend.settle_intents (
  organization_id  text not null,
  reservation_id   uuid not null,
  input            jsonb not null,
  attempts         integer not null default 0,
  next_attempt_at  timestamptz not null default clock_timestamp(),
  last_error       text,
  created_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, reservation_id)
);
create index settle_intents_due on stipend.settle_intents (next_attempt_at);

alter table stipend.outbox_events add delivered_at timestamptz;
create index outbox_events_pending on stipend.outbox_events (organization_id, id) where delivered_at is null;
create index outbox_events_delivered on stipend.outbox_events (delivered_at) where delivered_at is not null;

-- Who delivers an organization's events now, and how far its ledger has been told as credits.consumption.
create table stipend.outbox_cursors (
  organization_id       text primary key,
  lease                 uuid,
  leased_until          timestamptz not null default '-infinity',
  attempts              integer not null default 0,
  next_attempt_at       timestamptz not null default clock_timestamp(),
  last_error            text,
  consumption_sequence  bigint                    -- NULL: nobody has asked for consumption yet
);

-- Since when somebody asks for credits.consumption: what is older is not told. One row, or none.
create table stipend.consumption_feed (
  is_on  boolean primary key default true check (is_on),
  since  timestamptz not null default clock_timestamp()
);

grant select, insert, update, delete on stipend.settle_intents to stipend_ledger;
grant select, insert, update on stipend.outbox_cursors, stipend.consumption_feed to stipend_ledger;
grant select on stipend.outbox_cursors, stipend.consumption_feed to stipend_server;

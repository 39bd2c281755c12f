-- Limits beside credits, and who may call.

-- Sliding-window counters, one row per organization and capability: this bucket's count and the one before.
create table stipend.rate_windows (
  organization_id   text not null,
  capability        text not null,
  minute_bucket     bigint not null,   -- epoch seconds / 60, / 3600, / 86400
  minute_count      integer not null,
  minute_previous   integer not null,
  hour_bucket       bigint not null,
  hour_count        integer not null,
  hour_previous     integer not null,
  day_bucket        bigint not null,
  day_count         integer not null,
  day_previous      integer not null,
  primary key (organization_id, capability),
  check (least(minute_count, minute_previous, hour_count, hour_previous, day_count, day_previous) >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- Calls by customers of public forms, counted exactly over the last 24 hours.
create table stipend.customer_uses (
  organization_id  text not null,
  limit_key        text not null,
  reservation_id   uuid not null,
  used_at          timestamptz not null,
  primary key (organization_id, limit_key, reservation_id)
);
create index customer_uses_by_reservation on stipend.customer_uses (organization_id, reservation_id);
create index customer_uses_by_time on stipend.customer_uses (used_at);

create table stipend.budgets (
  organization_id  text not null references stipend.organizations (id),
  id               uuid not null,
  scope_type       text not null check (scope_type in ('organization', 'member', 'api_key', 'capability', 'form')),
  scope_id         text,
  period           text not null check (period in ('day', 'week', 'month')),
  limit_credits    numeric(14,2) not null check (limit_credits > 0),
  is_hard          boolean not null default true,
  created_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  unique nulls not distinct (organization_id, scope_type, scope_id, period),
  check ((scope_type = 'organization') = (scope_id is null))
);

-- Hot: delete_budget() removes a budget's windows, no foreign key does.
create table stipend.budget_windows (
  organization_id  text not null,
  budget_id        uuid not null,
  window_start     timestamptz not null,
  used             numeric(14,2) not null default 0,
  held             numeric(14,2) not null default 0 check (held >= 0),
  primary key (organization_id, budget_id, window_start)
) with (fillfactor = 50);

-- Found by the key's hash before the organization is known: a reference table when distributed.
create table stipend.api_keys (
  id               uuid primary key,
  organization_id  text references stipend.organizations (id),   -- NULL: a platform key
  name             text not null,
  prefix           text not null,          -- shown in lists
  hash             bytea not null unique,  -- sha256 of the key
  scopes           text[] not null,
  created_by       text,
  created_at       timestamptz not null default clock_timestamp(),
  expires_at       timestamptz,
  revoked_at       timestamptz,
  last_used_at     timestamptz
);

-- First answers of other POSTs, kept 48 hours.
create table stipend.idempotency_records (
  organization_id  text not null,
  key              text not null,
  parameter_hash   bytea not null,
  status           integer,                -- NULL: still running
  body             jsonb,
  created_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, key)
);
create index idempotency_records_by_time on stipend.idempotency_records (created_at);

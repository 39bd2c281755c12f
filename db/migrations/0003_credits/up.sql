-- Credits. Amounts are credits, numeric(14,2); costs are US dollars, numeric(18,9).

-- The hot row: an organization's only lock. No index but the primary key and one on next_due_at,
-- which changes once a period, so that updates stay HOT.
create table stipend.organization_credit_balances (
  organization_id      text primary key references stipend.organizations (id),
  monthly_left         numeric(14,2) not null default 0,
  bonus                numeric(14,2) not null default 0,
  debt                 numeric(14,2) not null default 0,
  reserved             numeric(14,2) not null default 0,
  monthly_allocation   numeric(14,2) not null default 0,  -- highest granted this period
  used_this_period     numeric(14,2) not null default 0,
  overdraft_limit      numeric(14,2) not null,
  open_holds           integer not null default 0,
  holds_due_from       timestamptz not null,        -- no open hold's lease ends before this
  low_balance_percent  smallint not null default 20,
  has_budgets          boolean not null default false,
  plan_id              integer not null,            -- as in organization_plans, kept by a trigger: decisions
  plan_status          text not null default 'active',   -- compare columns of the locked row
  period_anchor        timestamptz not null,
  period_number        integer not null default 0,  -- period k runs from anchor + k months
  period_start         timestamptz not null,
  period_end           timestamptz not null,
  next_due_at          timestamptz not null,        -- next roll, grant expiry or end of grace
  ledger_sequence      bigint not null default 0,
  ledger_hash          bytea not null,
  ledger_at            timestamptz not null,        -- time of the last ledger row
  -- One constraint: each is prepared anew for every statement.
  check (
    monthly_left >= 0 and bonus >= 0 and debt >= 0 and (debt = 0 or (monthly_left = 0 and bonus = 0))
    and reserved >= 0 and open_holds >= 0 and monthly_allocation >= 0 and overdraft_limit >= 0
    and low_balance_percent between 10 and 50 and period_start < period_end and ledger_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index organization_credit_balances_due on stipend.organization_credit_balances (next_due_at);

create table stipend.credit_grants (
  organization_id  text not null,
  id               uuid not null,
  type             text not null check (type in ('topup', 'promo', 'referral', 'welcome', 'admin', 'refund')),
  credits          numeric(14,2) not null check (credits > 0),
  remaining        numeric(14,2) not null check (remaining >= 0 and remaining <= credits),
  is_live          boolean not null,                -- remaining > 0; apart, so that drawing stays HOT
  priority         smallint not null default 100 check (priority between 0 and 1000),
  expires_at       timestamptz,
  sequence         bigint not null,                 -- the ledger row that granted it
  created_at       timestamptz not null,
  primary key (organization_id, id),
  foreign key (organization_id) references stipend.organizations (id),
  check (is_live = (remaining > 0))
) with (fillfactor = 70);
create index credit_grants_live on stipend.credit_grants (organization_id) where is_live;

-- What was posted for which source (a payment, a period, an operator's key): once, for ever.
create table stipend.credit_sources (
  organization_id  text not null references stipend.organizations (id),
  source_id        text not null check (length(source_id) between 1 and 200),
  type             text not null,
  credits          numeric(14,2) not null,
  sequence         bigint not null,
  primary key (organization_id, source_id)
);

-- The ledger. Append-only: rows come from SQL functions, a trigger refuses every other change.
-- No foreign key to the balance or the reservation: it would cost 16 % and the functions keep them.
create table stipend.credit_transactions (
  organization_id      text not null,
  sequence             bigint not null,
  type                 text not null,
  amount               numeric(14,2) not null,      -- change of the balance: monthly + bonus + debt part
  monthly_amount       numeric(14,2) not null,
  bonus_amount         numeric(14,2) not null,
  debt_amount          numeric(14,2) not null,      -- negative: new debt; positive: debt repaid
  covered_amount       numeric(14,2) not null,      -- charge borne by an unlimited plan
  balance_after        numeric(14,2) not null,
  reservation_id       uuid,
  plan                 text,
  capability           text,
  quality              text,
  model                text,
  estimated_credits    numeric(14,2),
  estimation_variance  numeric(14,2) generated always as (covered_amount - amount - estimated_credits) stored,
  uncharged_credits    numeric(14,2) not null default 0,
  cost_usd             numeric(18,9),
  flags                text[] not null default '{}',
  actor_type           text,
  actor_id             text,
  actor_digest         bytea,
  subject_type         text,
  subject_id           text,
  subject_digest       bytea,
  form_id              text,
  source_id            text,
  reason               text,
  provider_metadata    jsonb,
  payment_metadata     jsonb,
  effective_at         timestamptz not null,        -- when it was due; created_at is when it was written
  created_at           timestamptz not null,
  hash                 bytea not null,
  primary key (organization_id, sequence),
  check (
    sequence > 0 and amount = monthly_amount + bonus_amount + debt_amount
    and uncharged_credits >= 0 and coalesce(cost_usd, 0) >= 0
    and case
      when type in ('ai_consumption', 'credit_expiry', 'topup_clawback') then amount <= 0
      when type in ('admin_adjustment', 'plan_change_adjustment') then true
      when type in ('plan_allocation', 'topup_purchase', 'promo_bonus', 'referral_bonus',
                    'welcome_bonus', 'refund', 'clawback_reversal') then amount > 0
      else false
    end)
);
-- No index on time: it rises with the sequence, so sequence_at() finds a moment by bisection.

-- Names and addresses of actors and subjects as they were; erasable, the ledger keeps a salted digest.
create table stipend.credit_parties (
  organization_id  text not null references stipend.organizations (id),
  digest           bytea not null,
  party_type       text not null,
  party_id         text not null,
  name             text,
  email            text,
  salt             bytea,
  created_at       timestamptz not null default clock_timestamp(),
  erased_at        timestamptz,
  primary key (organization_id, digest)
);
create index credit_parties_by_id on stipend.credit_parties (organization_id, party_id);

create table stipend.credit_reservations (
  organization_id    text not null,
  id                 uuid not null,
  idempotency_key    text,                          -- given up on release and on expiry uncharged
  parameter_hash     bytea,
  status             text not null default 'open',
  offer_id           bigint not null,
  model              text,                          -- the host's pick; NULL: the plan's list
  estimated_credits  numeric(14,2) not null,
  held_credits       numeric(14,2) not null,   -- counted in reserved; 0 on an unlimited plan
  maximum_credits    numeric(14,2) not null,        -- the most a settle may charge
  input_credits      numeric(14,2) not null,        -- charged when a dispatched call is never heard of again
  is_dispatched      boolean not null,
  lease_seconds      integer not null,
  actor_type         text,
  actor_id           text,
  actor_digest       bytea,
  subject_type       text,
  subject_id         text,
  subject_digest     bytea,
  form_id            text,
  budget_ids         uuid[],                        -- the budgets that counted it,
  budget_windows     timestamptz[],                 -- and the window of each
  reported_credits   numeric(14,2),                 -- usage so far, told by extend
  reported_cost_usd  numeric(18,9),
  reported_usage     jsonb,
  charged_credits    numeric(14,2),                 -- once ended
  sequence           bigint,                        -- its (last) ledger row
  settle_hash        bytea,
  grant_draws        jsonb,                         -- of a provisional charge: {grant id: credits}
  created_at         timestamptz not null,
  expires_at         timestamptz not null,
  ended_at           timestamptz,
  primary key (organization_id, id),
  check (
    status in ('open', 'settled', 'released', 'expired') and (status = 'open') = (ended_at is null)
    and estimated_credits >= 0 and held_credits >= 0)
) with (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);
-- The settled row is a fifth longer than the open one: at a fillfactor of 45 both fit, and less space is used than at 55.
-- Neither index may serve a look-up by (organization_id, id): the planner, which knows nothing of a fresh table,
-- would take it and read the whole organization. So one is partial and the other led by a hash.
-- Both are plain in what settling changes, so that it touches no index.
create unique index credit_reservations_key on stipend.credit_reservations (organization_id, idempotency_key)
  where idempotency_key is not null;
create index credit_reservations_by_lease on stipend.credit_reservations (hashtext(organization_id), expires_at);

-- Answers kept 48 hours for replays of an idempotency key.
create table stipend.reservation_replies (
  organization_id  text not null,
  reservation_id   uuid not null,
  reply            jsonb not null,
  created_at       timestamptz not null,
  primary key (organization_id, reservation_id)
);
create index reservation_replies_by_time on stipend.reservation_replies (created_at);

-- Events to deliver, written in the ledger's transaction. Consumption is read from the ledger instead.
create table stipend.outbox_events (
  organization_id  text not null,
  id               bigint generated always as identity,
  type             text not null,
  payload          jsonb not null,
  created_at       timestamptz not null,
  primary key (organization_id, id)
);

-- What reserve, settle, release and extend answer for one request of a batch. In credits.
create type stipend.outcome as (
  request         integer,
  code            text,       -- NULL: done; 'skipped': locked by somebody else, ask again and wait
  detail          jsonb,      -- of a refusal
  reservation_id  uuid,
  status          text,
  is_replay       boolean,
  estimated       numeric,
  maximum         numeric,
  charged         numeric,
  uncharged       numeric,
  monthly         numeric,
  bonus           numeric,
  debt            numeric,
  covered         numeric,
  sequence        bigint,
  balance         numeric,
  spendable       numeric,     -- NULL: unlimited
  expires_at_ms   bigint,
  offer_id        bigint      -- what the plan offers for it: quality level and models
);

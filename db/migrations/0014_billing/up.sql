-- Payments and subscriptions, as Stripe reports them. Money in US cents, credits in credits.
-- What Stripe says is read anew and written by sync_payment() and sync_subscription(), whatever event brought it up.

alter table stipend.plans add column annual_price_usd_cents integer check (annual_price_usd_cents > 0);   -- NULL: by the month alone

-- Every price that was ever made at Stripe: subscribers stay on theirs when the catalog's changes.
create table stipend.stripe_prices (
  price_id           text primary key,
  product_id         text not null,
  plan_id            integer references stipend.plans (id),
  topup_package_id   integer references stipend.credit_topup_packages (id),
  billing_interval   text check (billing_interval in ('month', 'year')),
  unit_amount_cents  integer not null check (unit_amount_cents > 0),
  currency           text not null,
  is_current         boolean not null default true,
  created_at         timestamptz not null default clock_timestamp(),
  check ((plan_id is null) <> (topup_package_id is null) and (plan_id is null) = (billing_interval is null))
);
create unique index stripe_prices_of_plan on stipend.stripe_prices (plan_id, billing_interval) where is_current;
create unique index stripe_prices_of_package on stipend.stripe_prices (topup_package_id) where is_current;

-- Which organization an event is of.
create table stipend.stripe_customers (
  customer_id  text primary key,
  organization_id  text not null unique references stipend.organizations (id),
  created_at   timestamptz not null default clock_timestamp()
);

-- Each event is handled once. It is taken for a minute at a time; one that failed is taken again when it comes again.
create table stipend.stripe_events (
  id            text primary key,
  type          text not null,
  attempts      integer not null default 1,
  leased_until  timestamptz not null,
  outcome       text,          -- applied, ignored; NULL: not yet
  error         text,          -- code of the last failure
  received_at   timestamptz not null default clock_timestamp(),
  finished_at   timestamptz
);
create index stripe_events_by_time on stipend.stripe_events (received_at);

-- Readings of Stripe's objects, numbered when they begin: one that is applied late does not undo a newer one.
create table stipend.stripe_syncs (
  organization_id  text not null references stipend.organizations (id),
  object_id        text not null,
  begun            bigint not null default 0,
  applied          bigint not null default 0,
  primary key (organization_id, object_id)
);

-- Purchases of credits. What is bought for how much is bound here before Stripe is asked and compared afterwards.
create table stipend.payments (
  organization_id           text not null references stipend.organizations (id),
  id                        uuid not null,
  kind                      text not null check (kind in ('topup', 'auto_topup')),
  topup_package             text not null,
  credits                   numeric(14,2) not null check (credits > 0),
  amount_cents              integer not null check (amount_cents > 0),
  currency                  text not null,
  status                    text not null default 'open'
                            check (status in ('open', 'processing', 'paid', 'failed', 'expired', 'mismatch')),
  stripe_session_id         text,
  stripe_payment_intent_id  text,
  refunded_cents            integer not null default 0 check (refunded_cents >= 0),
  disputed_cents            integer not null default 0 check (disputed_cents >= 0),
  clawed_back_credits       numeric(14,2) not null default 0,
  clawback_moves            integer not null default 0,      -- claw-backs and reversals so far
  sequence                  bigint,                          -- the ledger row that granted
  failure_code              text,                            -- Stripe's, such as card_declined
  receipt_url               text,
  actor_type                text,
  actor_id                  text,
  created_at                timestamptz not null,
  paid_at                   timestamptz,
  primary key (organization_id, id),
  check (clawed_back_credits >= 0 and clawed_back_credits <= credits and (status = 'paid') = (paid_at is not null))
);
create index payments_by_time on stipend.payments (organization_id, created_at desc, id);

-- The subscription that counts: the one that runs, else the last that did. Rows of organization_plans follow from it.
create table stipend.subscriptions (
  organization_id         text primary key references stipend.organizations (id),
  stripe_subscription_id  text not null,
  status                  text not null,               -- Stripe's word
  billing_interval        text check (billing_interval in ('month', 'year')),
  anchor_at               timestamptz,                 -- of the periods; NULL: nothing has been paid yet
  paid_until              timestamptz,
  unpaid_from             timestamptz,                 -- its latest payment was refunded or is disputed
  cancels_at              timestamptz,
  ended_at                timestamptz,
  payment_failed_at       timestamptz,
  payment_failed_cents    integer,
  payment_failed_url      text,
  updated_at              timestamptz not null
);

create table stipend.auto_topups (
  organization_id        text primary key references stipend.organizations (id),
  is_enabled             boolean not null,
  threshold_credits      numeric(14,2) not null check (threshold_credits >= 0),
  topup_package          text not null,
  monthly_ceiling_cents  integer not null check (monthly_ceiling_cents > 0),
  declines               integer not null default 0,
  next_attempt_at        timestamptz,
  stopped_at             timestamptz,                  -- after three declines
  stopped_reason         text,
  updated_at             timestamptz not null default clock_timestamp()
);

do $$
declare
  v_table  text;
begin
  foreach v_table in array array['stripe_syncs', 'payments', 'subscriptions', 'auto_topups', 'stripe_customers'] loop
    execute format('alter table stipend.%I enable row level security', v_table);
    execute format('create policy functions on stipend.%I to stipend_ledger using (true) with check (true)', v_table);
    execute format(
      'create policy own_rows on stipend.%I for select to stipend_tenant using (organization_id = nullif(current_setting(%L, true), %L))',
      v_table, 'stipend.organization_id', '');
    execute format('create policy all_rows on stipend.%I for select to stipend_operator using (true)', v_table);
    execute format('grant select on stipend.%I to stipend_tenant, stipend_operator', v_table);
  end loop;
end;
$$;
grant select, insert, update, delete on stipend.stripe_syncs, stipend.payments, stipend.subscriptions, stipend.auto_topups,
  stipend.stripe_customers, stipend.stripe_prices, stipend.stripe_events to stipend_ledger;
grant select on stipend.stripe_prices to stipend_server, stipend_tenant, stipend_operator;
grant select on stipend.stripe_events to stipend_operator;

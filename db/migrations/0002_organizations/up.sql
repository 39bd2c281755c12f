-- Organizations and the plan each is on. The id is the host application's own, as text.
-- organization_id leads every primary, unique and foreign key of what an organization owns:
-- the tables can be distributed by it.

create table stipend.organizations (
  id          text primary key check (length(id) between 1 and 200),
  name        text not null,
  created_at  timestamptz not null default clock_timestamp()
);

create table stipend.organization_plans (
  organization_id         text primary key references stipend.organizations (id),
  plan_id                 integer not null references stipend.plans (id),
  monthly_ai_credits      numeric(14,2) not null,   -- the plan's, kept here for readers
  status                  text not null default 'active' check (status in ('active', 'past_due', 'suspended')),
  paid_until              timestamptz,              -- NULL: nobody bills this plan
  pending_plan_id         integer references stipend.plans (id),
  pending_change_at       timestamptz,
  stripe_customer_id      text,
  stripe_subscription_id  text,
  check ((pending_plan_id is null) = (pending_change_at is null))
);

-- Moves one organization's time, for the sandbox and for tests; it may be set before the organization is there.
-- The server's role cannot write it.
create table stipend.test_clocks (
  organization_id  text primary key,
  clock_offset     interval not null
);

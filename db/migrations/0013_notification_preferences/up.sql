-- What a person of an organization wants to be told by mail; without a row the defaults. The share of monthly credits
-- at which credits run low is the organization's, in organization_credit_balances.
create table stipend.notification_preferences (
  organization_id      text not null references stipend.organizations (id),
  actor_type           text not null,
  actor_id             text not null,
  low_balance_email    boolean not null default true,
  depleted_email       boolean not null default true,
  weekly_digest_email  boolean not null default false,
  updated_at           timestamptz not null default clock_timestamp(),
  primary key (organization_id, actor_type, actor_id)
);

alter table stipend.notification_preferences enable row level security;
create policy functions on stipend.notification_preferences to stipend_ledger using (true) with check (true);
create policy own_rows on stipend.notification_preferences for select to stipend_tenant
  using (organization_id = nullif(current_setting('stipend.organization_id', true), ''));
create policy all_rows on stipend.notification_preferences for select to stipend_operator using (true);
grant select, insert, update, delete on stipend.notification_preferences to stipend_ledger;
grant select on stipend.notification_preferences to stipend_tenant, stipend_operator;

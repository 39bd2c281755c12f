-- Shadow mode: every call is admitted, and what would have been refused is written down instead.

alter table stipend.credit_settings add is_shadow boolean not null default false;

-- An offer that a call is admitted by which the plan does not allow or cannot pay: without limits, its charge covered.
alter table stipend.catalog_offers add is_shadow boolean not null default false;
create unique index catalog_offers_shadow on stipend.catalog_offers (plan_id, capability, quality) where is_shadow;

-- What would have been refused, and why. Kept as long as reservations.
create table stipend.shadow_refusals (
  organization_id  text not null references stipend.organizations (id),
  reservation_id   uuid not null,
  plan             text not null,
  capability       text not null,
  quality          text not null,
  code             text not null,
  detail           jsonb,
  created_at       timestamptz not null,
  primary key (organization_id, reservation_id)
);
create index shadow_refusals_by_time on stipend.shadow_refusals (created_at);

alter table stipend.shadow_refusals enable row level security;
create policy functions on stipend.shadow_refusals to stipend_ledger using (true) with check (true);
create policy own_rows on stipend.shadow_refusals for select to stipend_tenant
  using (organization_id = nullif(current_setting('stipend.organization_id', true), ''));
create policy all_rows on stipend.shadow_refusals for select to stipend_operator using (true);
grant select on stipend.shadow_refusals to stipend_tenant, stipend_operator;
grant select, insert, delete on stipend.shadow_refusals to stipend_ledger;

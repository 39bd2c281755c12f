-- What people of the organization had written in the studio, for 30 days: the input as it was validated and the answer.
create table testimonials.generations (
  organization_id  text not null,
  id               uuid not null,
  person_id        text not null,
  person_name      text,
  capability       text not null,
  quality          text not null,
  model            text not null,
  is_simulated     boolean not null,
  input            jsonb not null,
  output           jsonb not null,
  credits_used     numeric(14,2) not null,
  reservation_id   uuid not null,
  created_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  unique (organization_id, reservation_id)   -- an answer that is told again is kept once
);

alter table testimonials.generations enable row level security;
create policy own_rows on testimonials.generations to stipend_tenant
  using (organization_id = nullif(current_setting('stipend.organization_id', true), ''))
  with check (organization_id = nullif(current_setting('stipend.organization_id', true), ''));
grant select, insert, update, delete on testimonials.generations to stipend_tenant;

-- The product's own tables. Stipend's are none of its business: organizations are known by their id alone, so that
-- either schema can be migrated without the other.

-- Found by a form's public id before the organization is known: a reference table when distributed.
create table testimonials.form_organizations (
  form_id          uuid primary key,
  organization_id  text not null
);

create table testimonials.forms (
  organization_id      text not null,
  id                   uuid not null,
  name                 text not null check (name <> ''),
  product_name         text not null check (product_name <> ''),
  product_description  text not null,
  questions            jsonb not null check (jsonb_typeof(questions) = 'array'),  -- [{"id", "text"}] in order
  is_open              boolean not null,
  created_at           timestamptz not null default clock_timestamp(),
  updated_at           timestamptz not null default clock_timestamp(),
  primary key (organization_id, id)
);

-- Who signed in and sent something. The id is a keyed digest, the same that the ledger names as actor.
create table testimonials.customers (
  organization_id  text not null,
  id               text not null,
  name             text,
  email            text,
  updated_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, id)
);

create table testimonials.submissions (
  organization_id  text not null,
  id               uuid not null,
  form_id          uuid not null,
  answers          jsonb not null check (jsonb_typeof(answers) = 'array'),  -- [{"question", "answer"}]
  customer_id      text,                -- NULL: not signed in
  customer_name    text,                -- as given with the text
  sender_digest    text,                -- for the limit of a day, then NULL
  created_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  foreign key (organization_id, form_id) references testimonials.forms (organization_id, id) on delete cascade,
  foreign key (organization_id, customer_id) references testimonials.customers (organization_id, id)
);
create index submissions_by_form on testimonials.submissions (organization_id, form_id, id desc);
create index submissions_by_sender on testimonials.submissions (organization_id, form_id, created_at)
  where sender_digest is not null;

-- A draft is a text that a customer had assembled and has not sent; only sent ones can be published.
create table testimonials.testimonials (
  organization_id  text not null,
  id               uuid not null,
  form_id          uuid not null,
  submission_id    uuid,
  status           text not null check (status in ('draft', 'submitted', 'published')),
  made_by          text not null check (made_by in ('ai', 'manual')),
  text             text not null check (text <> ''),
  customer_id      text,
  customer_name    text,
  reservation_id   uuid,
  created_at       timestamptz not null default clock_timestamp(),
  updated_at       timestamptz not null default clock_timestamp(),
  published_at     timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, form_id) references testimonials.forms (organization_id, id) on delete cascade,
  foreign key (organization_id, submission_id) references testimonials.submissions (organization_id, id) on delete cascade,
  check ((status = 'draft') = (submission_id is null)),
  check ((status = 'published') = (published_at is not null)),
  check (made_by = 'manual' or reservation_id is not null)
);
create index testimonials_by_form on testimonials.testimonials (organization_id, form_id, id desc);
create index testimonials_by_submission on testimonials.testimonials (organization_id, submission_id);
create index testimonials_drafts on testimonials.testimonials (created_at) where status = 'draft';

-- When a customer last met a form whose organization could not pay for AI help, and why.
create table testimonials.ai_interruptions (
  organization_id  text not null,
  form_id          uuid not null,
  reason           text not null,
  told_at          timestamptz not null,
  primary key (organization_id, form_id),
  foreign key (organization_id, form_id) references testimonials.forms (organization_id, id) on delete cascade
);

-- Keys of digests, the same for all servers: a reference table when distributed.
create table testimonials.digest_keys (
  name    text primary key,
  secret  bytea not null
);
-- 244 random bits.
insert into testimonials.digest_keys (name, secret)
values ('customer', sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

grant usage on schema testimonials to stipend_server;
grant select, insert, update, delete on
  testimonials.form_organizations, testimonials.forms, testimonials.customers, testimonials.submissions,
  testimonials.testimonials, testimonials.ai_interruptions
  to stipend_server;
grant select on testimonials.digest_keys to stipend_server;

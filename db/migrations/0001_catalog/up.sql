-- The catalog: what is sold. Its source is the host's catalog file; stipend.push_catalog() writes it.
-- Catalog tables are small and shared by all organizations (reference tables when distributed).

create table stipend.catalog_versions (
  version     integer primary key,
  catalog     jsonb not null,
  author      text not null,
  reason      text,
  created_at  timestamptz not null default clock_timestamp()
);

-- How provider cost becomes credits: ceil(cost × markup / usd_per_credit / increment) × increment, at least minimum.
create table stipend.credit_settings (
  singleton          boolean primary key default true check (singleton),
  usd_per_credit     numeric(18,9) not null default 0.001 check (usd_per_credit > 0),
  credit_increment   numeric(14,2) not null default 0.25 check (credit_increment > 0),
  minimum_charge     numeric(14,2) not null default 0.25 check (minimum_charge >= 0),
  overdraft_limit    numeric(14,2) not null default 2.00 check (overdraft_limit >= 0),
  grace_days         integer not null default 3 check (grace_days >= 0)
);
insert into stipend.credit_settings default values;

create table stipend.quality_levels (
  id           integer generated always as identity primary key,
  unique_name  text not null unique,
  name         text not null,
  rank         integer not null,
  is_active    boolean not null default true
);

create table stipend.ai_capabilities (
  id                     integer generated always as identity primary key,
  unique_name            text not null unique,
  name                   text not null,
  description            text,
  output_cap             integer not null default 4096 check (output_cap > 0),
  minimum_output         integer not null default 256 check (minimum_output > 0),
  is_enabled             boolean not null default true,   -- the operator's switch: off answers 503
  is_active              boolean not null default true,   -- false: no longer in the catalog
  check (minimum_output <= output_cap)
);

create table stipend.llm_models (
  id                      integer generated always as identity primary key,
  unique_name             text not null unique,           -- the catalog's short key, such as 'mini'
  provider                text not null,
  model_id                text not null,
  input_usd_per_million   numeric(18,9) check (input_usd_per_million >= 0),   -- NULL: unpriced, never called
  output_usd_per_million  numeric(18,9) check (output_usd_per_million >= 0),
  markup_basis_points     integer not null default 0 check (markup_basis_points >= 0),
  context_window          integer check (context_window > 0),
  deprecated_at           timestamptz,
  replacement_model_id    integer references stipend.llm_models (id),
  is_active               boolean not null default true,
  check ((input_usd_per_million is null) = (output_usd_per_million is null))
);

create table stipend.plans (
  id                     integer generated always as identity primary key,
  unique_name            text not null unique,
  name                   text not null,
  tier_rank              integer not null,
  monthly_ai_credits     numeric(14,2) not null check (monthly_ai_credits >= 0 or monthly_ai_credits = -1),  -- −1: unlimited
  welcome_bonus_credits  numeric(14,2) not null default 0 check (welcome_bonus_credits >= 0),
  price_usd_cents        integer not null default 0 check (price_usd_cents >= 0),
  markup_basis_points    integer not null default 0 check (markup_basis_points >= 0),
  stripe_price_id        text unique,
  is_active              boolean not null default true
);

create table stipend.plan_ai_capabilities (
  id                integer generated always as identity primary key,
  plan_id           integer not null references stipend.plans (id),
  ai_capability_id  integer not null references stipend.ai_capabilities (id),
  is_enabled        boolean not null default true,
  rate_limit_rpm    integer check (rate_limit_rpm > 0),   -- NULL: unlimited
  rate_limit_rph    integer check (rate_limit_rph > 0),
  rate_limit_rpd    integer check (rate_limit_rpd > 0),
  unique (plan_id, ai_capability_id)
);

create table stipend.plan_ai_capability_quality_levels (
  id                     integer generated always as identity primary key,
  plan_ai_capability_id  integer not null references stipend.plan_ai_capabilities (id) on delete cascade,
  quality_level_id       integer not null references stipend.quality_levels (id),
  estimated_credits      numeric(14,2) not null check (estimated_credits > 0),   -- the hold when no tokens are known
  unique (plan_ai_capability_id, quality_level_id)
);

create table stipend.plan_quality_level_models (
  id                                   integer generated always as identity primary key,
  plan_ai_capability_quality_level_id  integer not null
                                       references stipend.plan_ai_capability_quality_levels (id) on delete cascade,
  llm_model_id                         integer not null references stipend.llm_models (id),
  is_default                           boolean not null default false,
  priority                             integer not null check (priority >= 1),
  unique (plan_ai_capability_quality_level_id, llm_model_id),
  unique (plan_ai_capability_quality_level_id, priority),
  check (is_default = (priority = 1))
);

create table stipend.credit_topup_packages (
  id               integer generated always as identity primary key,
  unique_name      text not null unique,
  name             text not null,
  credits          numeric(14,2) not null check (credits > 0),
  price_usd_cents  integer not null check (price_usd_cents > 0),
  stripe_price_id  text unique,
  is_active        boolean not null default true
);

-- The catalog flattened to one row per plan × capability × quality: what reserve_credits() reads.
-- A row never changes once written; a push retires it and writes another, so that an open hold
-- keeps the plan and the prices it was admitted with.
create table stipend.catalog_offers (
  id                      bigint generated always as identity primary key,
  plan_id                 integer not null references stipend.plans (id),
  capability              text not null,
  quality                 text not null,
  is_current              boolean not null default true,
  catalog_version         integer not null references stipend.catalog_versions (version),
  plan                    text not null,
  is_unlimited            boolean not null,
  capability_is_enabled   boolean not null,
  plan_is_enabled         boolean not null,
  is_default_quality      boolean not null,
  rate_limit_rpm          integer,
  rate_limit_rph          integer,
  rate_limit_rpd          integer,
  estimated_credits       numeric(14,2) not null,
  output_cap              integer not null,
  minimum_output          integer not null,
  models                  text[] not null,        -- catalog keys of the priced ones, in priority order
  model_ids               text[] not null,        -- 'provider/model', same order
  input_usd_per_million   numeric(18,9) not null, -- of the dearest model the fallback may reach, markups included
  output_usd_per_million  numeric(18,9) not null,
  unpriced_models         text[] not null,        -- allowed but never called
  model_markups           integer[] not null,     -- basis points, plan and model together, same order as models
  usd_per_credit          numeric(18,9) not null,
  credit_increment        numeric(14,2) not null,
  minimum_charge          numeric(14,2) not null
);
create unique index catalog_offers_current on stipend.catalog_offers (plan_id, capability, quality) where is_current;

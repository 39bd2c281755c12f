-- What models cost, with its history: rows are added, never changed, so that price_at() explains any past charge by
-- the price of its day. Of the rows of one source the latest in force counts; of the sources the operator's override
-- before the catalog's own price before the price library's. A reference table when distributed.
create table stipend.model_prices (
  id                            bigint generated always as identity primary key,
  provider                      text not null,
  model_id                      text not null,
  source                        text not null check (source in ('operator', 'catalog', 'library')),
  input_usd_per_million         numeric(18,9) check (input_usd_per_million >= 0),   -- NULL: from then on the source gives no price
  cached_input_usd_per_million  numeric(18,9) check (cached_input_usd_per_million >= 0),   -- NULL: as input
  cache_write_usd_per_million   numeric(18,9) check (cache_write_usd_per_million >= 0),    -- NULL: as input
  output_usd_per_million        numeric(18,9) check (output_usd_per_million >= 0),
  reasoning_usd_per_million     numeric(18,9) check (reasoning_usd_per_million >= 0),      -- NULL: as output
  request_usd                   numeric(18,9) check (request_usd >= 0),                    -- NULL: no fee for the call itself
  -- Other prices for long prompts: [{"above": 200000, "input": "2.5", …}], for the whole call where its input has more tokens.
  tiers                         jsonb check (jsonb_typeof(tiers) = 'array'),
  effective_at                  timestamptz(3) not null,   -- milliseconds, as charges tell it
  created_at                    timestamptz not null default clock_timestamp(),
  author                        text not null,
  reason                        text,
  check ((input_usd_per_million is null) = (output_usd_per_million is null))
);
create index model_prices_by_model on stipend.model_prices (provider, model_id, source, effective_at, id);

grant select, insert on stipend.model_prices to stipend_ledger;
grant select on stipend.model_prices to stipend_server;

-- Provisional charges, for the late settles that correct them.
create index credit_transactions_provisional on stipend.credit_transactions (organization_id, reservation_id)
  where flags @> '{provisional}';

-- What each charge brought: a row of the ledger, so a late settle has one of its own with the difference.
-- charge_usd is what the charge is worth at the present usd_per_credit; margin_usd what of it is left.
create view stipend.call_margins with (security_invoker = true) as
select c.*, c.charge_usd - c.cost_usd as margin_usd
from (
  select t.organization_id, t.sequence, t.created_at, t.plan, t.capability, t.quality, t.model,
    t.cost_usd - case when t.flags @> '{late}' then coalesce((
        select p.cost_usd from stipend.credit_transactions p
        where p.organization_id = t.organization_id and p.reservation_id = t.reservation_id
          and p.flags @> '{provisional}'), 0) else 0 end as cost_usd,
    t.covered_amount - t.amount as charged_credits,
    ((t.covered_amount - t.amount) * s.usd_per_credit)::numeric(18,9) as charge_usd,
    t.uncharged_credits, t.estimated_credits, t.estimation_variance, t.flags
  from stipend.credit_transactions t
  cross join stipend.credit_settings s
  where t.reservation_id is not null
) c;

grant select on stipend.call_margins to stipend_ledger, stipend_server;

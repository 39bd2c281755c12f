-- internal
-- The most output tokens that so many credits pay for beside the input, at the dearest model's prices: at least the
-- capability's minimum output, at most the cap; and what a call of that length costs.
create or replace function stipend.affordable_output(
  p_offer_id bigint, p_input_tokens integer, p_output_tokens integer, p_available numeric
) returns table (output_tokens integer, credits numeric)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select t.tokens, stipend.credits_from_cost(
    c.input_usd + t.tokens * c.usd_per_token, o.usd_per_credit, o.credit_increment, o.minimum_charge)
  from stipend.catalog_offers o
  cross join lateral (
    select o.input_usd_per_million * p_input_tokens * 0.000001 as input_usd,
      o.output_usd_per_million * 0.000001 as usd_per_token,
      least(p_output_tokens, o.output_cap) as cap,
      -- Charges are whole increments: what is between two of them buys nothing.
      div(greatest(p_available, 0), o.credit_increment) * o.credit_increment * o.usd_per_credit as usd
  ) c
  cross join lateral (
    select greatest(
      least(case when c.usd_per_token > 0 then div(greatest(c.usd - c.input_usd, 0), c.usd_per_token) else c.cap end, c.cap),
      least(o.minimum_output, c.cap))::integer as tokens
  ) t
  where o.id = p_offer_id;
$$;

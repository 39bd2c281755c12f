-- Credits for a provider's cost in US dollars, markup included: rounded up to whole increments,
-- at least the minimum; a cost of exactly zero is free. div and mod are exact: 0.018 USD at 0.001 is 18.00 credits, not 18.25.
create or replace function stipend.credits_from_cost(
  p_cost_usd numeric, p_usd_per_credit numeric, p_increment numeric, p_minimum numeric
) returns numeric
language sql immutable parallel safe
as $$
  select case when p_cost_usd = 0 then 0 when p_cost_usd is not null then greatest(
    (div(p_cost_usd, p_usd_per_credit * p_increment)
      + case when mod(p_cost_usd, p_usd_per_credit * p_increment) > 0 then 1 else 0 end) * p_increment,
    p_minimum) end;
$$;

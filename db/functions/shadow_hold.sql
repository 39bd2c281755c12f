-- internal
-- In shadow mode, what a refused call is held by: an offer without limits whose charges are covered. No row: the refusal
-- stands, because nobody is in shadow mode, or it is not the plan, a limit or the credits that refuse.
create or replace function stipend.shadow_hold(
  p_code text, p_plan_id integer, p_capability text, p_quality text, p_estimate bigint, p_input_tokens integer,
  p_output_tokens integer
) returns table (offer_id bigint, quality text, estimated numeric, maximum numeric, input numeric)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if p_code not in ('subscription_inactive', 'not_in_plan', 'plan_disabled', 'quality_not_allowed', 'model_not_allowed',
    'rate_limited', 'customer_limit_exceeded', 'budget_exceeded', 'insufficient_credits', 'holds_in_flight') then
    return;
  end if;
  return query
  select f.id, f.quality, coalesce(p_estimate * 0.01, e.worst_case, f.estimated_credits),
    greatest(coalesce(e.worst_case, 10 * coalesce(p_estimate * 0.01, f.estimated_credits)), p_estimate * 0.01),
    coalesce(e.input, p_estimate * 0.01, f.estimated_credits)
  from stipend.catalog_offers f
  cross join lateral (
    select stipend.credits_from_cost(c.input_usd, f.usd_per_credit, f.credit_increment, f.minimum_charge) as input,
      stipend.credits_from_cost(c.input_usd + c.output_usd, f.usd_per_credit, f.credit_increment, f.minimum_charge) as worst_case
    from (
      select f.input_usd_per_million * p_input_tokens * 0.000001 as input_usd,
        f.output_usd_per_million * least(p_output_tokens, f.output_cap) * 0.000001 as output_usd
    ) c
  ) e
  where f.is_shadow and f.plan_id = p_plan_id and f.capability = p_capability
    and case when p_quality is null then f.is_default_quality else f.quality = p_quality end
  limit 1;
end;
$$;

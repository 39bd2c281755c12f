-- reads
-- Provider cost, charge and margin of an organization's calls (NULL: of all) between two moments, grouped by UTC day,
-- plan, capability, model or organization. Calls whose cost is not known count in credits only.
create or replace function stipend.get_margins(
  p_organization_id text, p_from timestamptz, p_to timestamptz, p_group_by text
) returns table (
  "group" text, charges bigint, credits numeric, charge_usd numeric, cost_usd numeric, margin_usd numeric,
  uncharged_credits numeric, estimated_credits numeric, estimation_variance numeric
)
language sql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
  select case p_group_by
      when 'day' then to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD')
      when 'plan' then m.plan
      when 'capability' then m.capability
      when 'model' then m.model
      when 'organization' then m.organization_id
    end,
    count(*), sum(m.charged_credits), sum(m.charge_usd), sum(m.cost_usd), sum(m.margin_usd),
    sum(m.uncharged_credits), sum(m.estimated_credits), sum(m.estimation_variance)
  from stipend.call_margins m
  where (p_organization_id is null or m.organization_id = p_organization_id)
    and m.created_at >= p_from and m.created_at < p_to
    and (p_organization_id is null or m.sequence >= (select stipend.sequence_at(p_organization_id, p_from)))
    and (p_organization_id is null or m.sequence < (select stipend.sequence_at(p_organization_id, p_to)))
  group by 1
  order by 1;
$$;

-- reads
-- Charges between two moments, grouped by UTC day, capability, model or person; refunds of late settles taken off.
create or replace function stipend.get_usage(p_organization_id text, p_from timestamptz, p_to timestamptz, p_group_by text)
returns table ("group" text, calls bigint, credits numeric, cost_usd numeric)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case p_group_by
      when 'day' then to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD')
      when 'capability' then t.capability
      when 'model' then t.model
      when 'actor' then t.actor_type || ':' || t.actor_id
    end,
    count(distinct t.reservation_id), sum(t.covered_amount - t.amount), sum(t.cost_usd)
  from stipend.credit_transactions t
  where t.organization_id = p_organization_id
    and t.sequence >= (select stipend.sequence_at(p_organization_id, p_from))
    and t.sequence < (select stipend.sequence_at(p_organization_id, p_to))
    and t.reservation_id is not null
  group by 1
  order by 1;
$$;

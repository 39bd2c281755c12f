-- reads
-- Charges between two moments, grouped by UTC day, capability, model or person; refunds of late settles taken off.
-- p_split_by: the same once more within each group, NULL: not. Names are those of the people at this moment.
create or replace function stipend.get_usage(
  p_organization_id text, p_from timestamptz, p_to timestamptz, p_group_by text, p_split_by text default null,
  p_capability text default null, p_model text default null, p_actor_id text default null
)
returns table ("group" text, split text, name text, calls bigint, credits numeric, cost_usd numeric)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with charge as (
    select t.reservation_id, t.covered_amount - t.amount as credits, t.cost_usd, k.keys ->> p_group_by as group_key,
      k.keys ->> p_split_by as split_key, case when 'actor' in (p_group_by, p_split_by) then t.actor_digest end as actor_digest
    from stipend.credit_transactions t
    cross join lateral (select jsonb_build_object(
      'day', to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD'), 'capability', t.capability, 'model', t.model,
      'actor', t.actor_type || ':' || t.actor_id)) k(keys)
    where t.organization_id = p_organization_id
      and t.sequence >= (select stipend.sequence_at(p_organization_id, p_from))
      and t.sequence < (select stipend.sequence_at(p_organization_id, p_to))
      and t.reservation_id is not null
      and (p_capability is null or t.capability = p_capability)
      and (p_model is null or t.model = p_model)
      and (p_actor_id is null or t.actor_id = p_actor_id)
  ), named as (
    select c.group_key, c.split_key, count(distinct c.reservation_id) as calls, sum(c.credits) as credits,
      sum(c.cost_usd) as cost_usd, max(c.actor_digest::text) as digest
    from charge c
    group by 1, 2
  )
  select n.group_key, n.split_key, a.name, n.calls, n.credits, n.cost_usd
  from named n
  left join stipend.credit_parties a on a.organization_id = p_organization_id and a.digest = n.digest::bytea
  order by 1, 2;
$$;

-- internal
-- The source of a lapse that a later payment of the same period may undo (restore_allocation).
create or replace function stipend.lapse_source(p_organization_id text, p_reason text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format('%s:%s:%s', p_reason, extract(epoch from b.period_start)::bigint, b.ledger_sequence + 1)
  from stipend.organization_credit_balances b where b.organization_id = p_organization_id;
$$;

-- reads
-- What automatic purchases have cost in a moment's calendar month (UTC), those under way included. US cents.
create or replace function stipend.auto_topup_spent(p_organization_id text, p_at timestamptz) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(p.amount_cents - p.refunded_cents), 0) from stipend.payments p
  where p.organization_id = p_organization_id and p.kind = 'auto_topup' and p.status in ('open', 'processing', 'paid')
    and p.created_at >= date_trunc('month', p_at at time zone 'UTC') at time zone 'UTC';
$$;

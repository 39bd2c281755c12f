-- internal
-- The first customer limit that is used up, counted exactly over the last 24 hours; NULL: none.
create or replace function stipend.customer_refusal(p_organization_id text, p_limits jsonb, p_now timestamptz)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('window', 'day', 'key', x.key, 'limit', x.limit, 'used', u.used,
    'retryAfterMs', greatest((extract(epoch from u.oldest + interval '24 hours' - p_now) * 1000)::bigint, 1))
  from jsonb_to_recordset(p_limits) x(key text, "limit" integer)
  cross join lateral (
    select count(*) as used, (array_agg(c.used_at order by c.used_at desc))[x.limit] as oldest
    from stipend.customer_uses c
    where c.organization_id = p_organization_id and c.limit_key = x.key and c.used_at > p_now - interval '24 hours'
  ) u
  where u.used >= x.limit
  limit 1;
$$;

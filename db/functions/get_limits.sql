-- reads
-- Rate limits and their use, a row per capability of the plan and window with a limit.
create or replace function stipend.get_limits(p_organization_id text)
returns table (capability text, "window" text, limit_calls integer, used integer, retry_after_ms bigint)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select f.capability, l.name, l.calls, coalesce(u.used, 0),
    case when u.used >= l.calls
      then stipend.rate_retry_after(l.calls, u.count, u.previous, e.ms % l.window_ms, l.window_ms) end
  from (
    select distinct on (o.capability) o.capability, o.rate_limit_rpm, o.rate_limit_rph, o.rate_limit_rpd
    from stipend.project_balance(p_organization_id) b
    join stipend.plans n on n.unique_name = b.plan
    join stipend.catalog_offers o on o.plan_id = n.id and o.is_current and o.plan_is_enabled
  ) f
  join stipend.organization_credit_balances b on b.organization_id = p_organization_id
  cross join lateral (
    select (extract(epoch from stipend.organization_now(p_organization_id, b.ledger_at)) * 1000)::bigint) e(ms)
  left join stipend.rate_windows w on w.organization_id = p_organization_id and w.capability = f.capability
  cross join lateral (values
    ('minute', f.rate_limit_rpm, 60000::bigint, w.minute_bucket, w.minute_count, w.minute_previous),
    ('hour', f.rate_limit_rph, 3600000::bigint, w.hour_bucket, w.hour_count, w.hour_previous),
    ('day', f.rate_limit_rpd, 86400000::bigint, w.day_bucket, w.day_count, w.day_previous)
  ) l(name, calls, window_ms, bucket, count, previous)
  left join lateral (
    select x.count, x.previous,
      x.count + ceil(x.previous * (l.window_ms - e.ms % l.window_ms) / l.window_ms::numeric)::integer as used
    from (
      select case when l.bucket = e.ms / l.window_ms then l.count else 0 end as count,
        case l.bucket when e.ms / l.window_ms then l.previous when e.ms / l.window_ms - 1 then l.count else 0 end as previous
    ) x
  ) u on true
  where l.calls is not null
  order by f.capability, l.window_ms;
$$;

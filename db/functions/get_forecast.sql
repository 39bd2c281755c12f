-- reads
-- How long credits last at the pace of the last 14 days, or of the time since the first ledger row where that is less;
-- nothing is said of less than a day, or without any charge. One row, none for an unknown organization.
-- runs_out_at: NULL where they last until the period ends, and on an unlimited plan.
create or replace function stipend.get_forecast(p_organization_id text)
returns table (
  basis_days numeric, daily_average numeric, projected_use numeric, runs_out_at timestamptz, period_end timestamptz
)
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select case when p.average is not null then round(s.days, 2) end,
    round(p.average, 2),
    round(p.average * s.days_left, 2),
    case when p.average > 0 and not b.is_unlimited and l.spendable < p.average * s.days_left
      then s.now + make_interval(secs => (greatest(l.spendable, 0) / p.average * 86400)::double precision) end,
    b.period_end
  from stipend.project_balance(p_organization_id) b
  join stipend.organization_credit_balances o on o.organization_id = p_organization_id
  cross join lateral (select stipend.organization_now(p_organization_id, o.ledger_at)) n(now)
  cross join lateral (
    select min(t.created_at) from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence = 1) f(first_at)
  cross join lateral (
    select n.now, greatest(n.now - interval '14 days', f.first_at) as since,
      extract(epoch from n.now - greatest(n.now - interval '14 days', f.first_at)) / 86400 as days,
      greatest(extract(epoch from b.period_end - n.now) / 86400, 0) as days_left) s
  cross join lateral (select b.monthly_left + b.bonus - b.debt - b.reserved) l(spendable)
  cross join lateral (
    select case when s.days >= 1 then nullif(sum(u.credits), 0) / s.days end
    from stipend.get_usage(p_organization_id, s.since, s.now, 'day') u) p(average);
$$;

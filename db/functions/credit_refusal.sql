-- internal
-- What is missing; the smallest package that covers it, else how many of the largest do; the first plan up that
-- covers it; when the period ends. p_total: the whole estimate, where p_estimate is what a raise adds to it.
-- retryAfterMs where only open holds stand in the way.
create or replace function stipend.credit_refusal(
  p_organization_id text, p_estimate numeric, p_balance numeric, p_reserved numeric, p_overdraft numeric,
  p_total numeric default null
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'estimatedCredits', p_estimate, 'balance', p_balance, 'reservedCredits', p_reserved,
    'available', p_balance - p_reserved + p_overdraft,
    'shortfall', s.shortfall,
    'topup', (
      select jsonb_build_object('packageId', t.unique_name, 'quantity', q.quantity,
        'credits', t.credits * q.quantity, 'priceUsdCents', t.price_usd_cents * q.quantity)
      from stipend.credit_topup_packages t
      cross join lateral (select ceil(s.shortfall / t.credits)::bigint) q(quantity)
      where t.is_active
      order by q.quantity, t.credits limit 1),
    'plan', (
      select jsonb_build_object('plan', u.unique_name, 'name', u.name, 'priceUsdCents', u.price_usd_cents,
        'monthlyCredits', u.monthly_ai_credits)
      from stipend.organization_plans p
      join stipend.plans n on n.id = p.plan_id
      join stipend.plans u on u.is_active and u.tier_rank > n.tier_rank
      where p.organization_id = p_organization_id
        and (u.monthly_ai_credits = -1 or u.monthly_ai_credits - b.monthly_allocation >= s.shortfall)
      order by u.tier_rank limit 1),
    'periodEndsAt', stipend.utc_text(b.period_end))
    || case when coalesce(p_total, p_estimate) <= p_balance + p_overdraft
      then jsonb_build_object('retryAfterMs', stipend.open_hold_wait(p_organization_id, null)) else '{}' end
  from stipend.organization_credit_balances b
  cross join (select p_estimate - (p_balance - p_reserved + p_overdraft)) s(shortfall)
  where b.organization_id = p_organization_id;
$$;

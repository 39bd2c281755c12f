-- internal
-- What is missing, the smallest package that covers it, the next plan up, and when the period ends.
create or replace function stipend.credit_refusal(
  p_organization_id text, p_estimate numeric, p_balance numeric, p_reserved numeric, p_overdraft numeric
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'estimate', p_estimate, 'balance', p_balance, 'reserved', p_reserved,
    'available', p_balance - p_reserved + p_overdraft,
    'shortfall', p_estimate - (p_balance - p_reserved + p_overdraft),
    'topup', (
      select jsonb_build_object('package', t.unique_name, 'credits', t.credits, 'priceUsdCents', t.price_usd_cents)
      from stipend.credit_topup_packages t
      where t.is_active and t.credits >= p_estimate - (p_balance - p_reserved + p_overdraft)
      order by t.credits limit 1),
    'plan', (
      select jsonb_build_object('plan', u.unique_name, 'name', u.name, 'priceUsdCents', u.price_usd_cents,
        'monthlyCredits', u.monthly_ai_credits)
      from stipend.organization_plans p
      join stipend.plans n on n.id = p.plan_id
      join stipend.plans u on u.is_active and u.tier_rank > n.tier_rank
      where p.organization_id = p_organization_id
      order by u.tier_rank limit 1),
    'periodEndsAt', (
      select b.period_end from stipend.organization_credit_balances b where b.organization_id = p_organization_id));
$$;

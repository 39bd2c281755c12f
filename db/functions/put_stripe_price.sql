-- Notes a price made at Stripe for a plan (p_interval month or year) or a top-up package (p_interval NULL); it is the one
-- that is sold from now on. Those before it stay known: subscribers keep them.
create or replace function stipend.put_stripe_price(
  p_name text, p_interval text, p_product_id text, p_price_id text, p_unit_amount_cents integer, p_currency text
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plan_id     integer;
  v_package_id  integer;
begin
  if p_interval is null then
    select t.id into strict v_package_id from stipend.credit_topup_packages t where t.unique_name = p_name;
    update stipend.credit_topup_packages t set stripe_price_id = p_price_id where t.id = v_package_id;
  else
    select n.id into strict v_plan_id from stipend.plans n where n.unique_name = p_name;
    update stipend.plans n set stripe_price_id = p_price_id where n.id = v_plan_id and p_interval = 'month';
  end if;
  update stipend.stripe_prices s set is_current = false
  where s.is_current and s.price_id <> p_price_id
    and (s.plan_id, s.billing_interval) is not distinct from (v_plan_id, p_interval)
    and s.topup_package_id is not distinct from v_package_id;
  insert into stipend.stripe_prices as s (
    price_id, product_id, plan_id, topup_package_id, billing_interval, unit_amount_cents, currency)
  values (p_price_id, p_product_id, v_plan_id, v_package_id, p_interval, p_unit_amount_cents, p_currency)
  on conflict (price_id) do update set is_current = true, product_id = excluded.product_id;
end;
$$;

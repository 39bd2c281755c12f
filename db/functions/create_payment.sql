-- Binds a purchase before Stripe is asked: which package, for how much. Asked again with the same id, it answers the same.
-- Refuses invalid_request for a package that is not sold, payments_not_configured where it has no price at Stripe yet.
create or replace function stipend.create_payment(
  p_organization_id text, p_id uuid, p_kind text, p_topup_package text, p_actor_type text, p_actor_id text,
  out credits numeric, out amount_cents integer, out currency text, out price_id text
) returns record
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_package  stipend.credit_topup_packages;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  select * into v_package from stipend.credit_topup_packages t where t.unique_name = p_topup_package and t.is_active;
  if v_package.id is null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'packageId', 'value', p_topup_package,
      'rule', 'must be one of ' || (select string_agg(t.unique_name, ', ' order by t.credits) from stipend.credit_topup_packages t where t.is_active)));
  end if;
  select s.price_id, s.currency into price_id, currency
  from stipend.stripe_prices s
  where s.topup_package_id = v_package.id and s.is_current and s.unit_amount_cents = v_package.price_usd_cents;
  if price_id is null then
    perform stipend.refuse('payments_not_configured', jsonb_build_object(
      'message', format('Package %s has no price at Stripe yet.', p_topup_package), 'command', 'stipend stripe sync'));
  end if;
  insert into stipend.payments as p (
    organization_id, id, kind, topup_package, credits, amount_cents, currency, actor_type, actor_id, created_at)
  values (
    p_organization_id, p_id, p_kind, p_topup_package, v_package.credits, v_package.price_usd_cents, currency,
    p_actor_type, p_actor_id, stipend.organization_now(p_organization_id, v_balance.ledger_at))
  on conflict (organization_id, id) do nothing;
  select p.credits, p.amount_cents into strict credits, amount_cents
  from stipend.payments p where p.organization_id = p_organization_id and p.id = p_id;
end;
$$;

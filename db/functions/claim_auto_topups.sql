-- Automatic purchases to make now: of organizations whose balance is below their threshold, one at a time each, within the
-- monthly ceiling, not while a decline is waited out; and those that were begun over five minutes ago and never heard of
-- again, under the same id. Each is bound as a payment before it is answered.
create or replace function stipend.claim_auto_topups(p_limit integer)
returns table (organization_id text, payment_id uuid, credits numeric, amount_cents integer, currency text, topup_package text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_organization_id  text;
  v_auto             stipend.auto_topups;
  v_balance          stipend.organization_credit_balances;
  v_now              timestamptz;
  v_open             stipend.payments;
  v_price            integer;
  v_made             record;
  v_left             integer := p_limit;
begin
  for v_organization_id in
    select a.organization_id from stipend.auto_topups a
    join stipend.organization_credit_balances b on b.organization_id = a.organization_id
    where a.is_enabled and a.stopped_at is null and b.monthly_left + b.bonus - b.debt < a.threshold_credits
    order by a.organization_id
  loop
    exit when v_left <= 0;
    v_balance := stipend.lock_balance(v_organization_id);
    v_now := stipend.organization_now(v_organization_id, v_balance.ledger_at);
    select * into v_auto from stipend.auto_topups a where a.organization_id = v_organization_id;
    select * into v_open from stipend.payments p
    where p.organization_id = v_organization_id and p.kind = 'auto_topup' and p.status in ('open', 'processing')
    order by p.created_at limit 1;
    if v_open.id is not null then
      if v_open.status = 'open' and v_open.created_at < v_now - interval '5 minutes' then
        v_left := v_left - 1;
        return query select v_open.organization_id, v_open.id, v_open.credits, v_open.amount_cents, v_open.currency,
          v_open.topup_package;
      end if;
      continue;
    end if;
    select t.price_usd_cents into v_price from stipend.credit_topup_packages t
    join stipend.stripe_prices s on s.topup_package_id = t.id and s.is_current and s.unit_amount_cents = t.price_usd_cents
    where t.unique_name = v_auto.topup_package and t.is_active;
    continue when v_price is null
      or not v_auto.is_enabled or v_auto.stopped_at is not null
      or v_balance.monthly_left + v_balance.bonus - v_balance.debt >= v_auto.threshold_credits
      or v_balance.plan_status = 'suspended'
      or v_auto.next_attempt_at > v_now
      or stipend.auto_topup_spent(v_organization_id, v_now) + v_price > v_auto.monthly_ceiling_cents
      or exists (select from stipend.plans n where n.id = v_balance.plan_id and n.monthly_ai_credits = -1);
    payment_id := gen_random_uuid();
    select * into strict v_made
    from stipend.create_payment(v_organization_id, payment_id, 'auto_topup', v_auto.topup_package, null, null);
    perform stipend.emit_event(v_organization_id, 'auto_topup.started', jsonb_build_object(
      'paymentId', payment_id, 'credits', v_made.credits, 'amountCents', v_made.amount_cents), v_now);
    v_left := v_left - 1;
    return query select v_organization_id, payment_id, v_made.credits, v_made.amount_cents, v_made.currency,
      v_auto.topup_package;
  end loop;
end;
$$;

-- Sets an organization's automatic purchases: below the threshold a package is bought, within a calendar month (UTC) for
-- no more than the ceiling. Setting it again after it has stopped starts anew.
create or replace function stipend.put_auto_topup(
  p_organization_id text, p_is_enabled boolean, p_threshold_credits numeric, p_topup_package text,
  p_monthly_ceiling_cents integer
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_price  integer;
begin
  perform stipend.lock_balance(p_organization_id);
  select t.price_usd_cents into v_price
  from stipend.credit_topup_packages t where t.unique_name = p_topup_package and t.is_active;
  if v_price is null then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'packageId', 'value', p_topup_package,
      'rule', 'must be one of ' || (select string_agg(t.unique_name, ', ' order by t.credits) from stipend.credit_topup_packages t where t.is_active)));
  elsif p_monthly_ceiling_cents < v_price then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'monthlyCeilingCents',
      'value', p_monthly_ceiling_cents, 'rule', format('must cover the package once: at least %s', v_price)));
  end if;
  insert into stipend.auto_topups as a (
    organization_id, is_enabled, threshold_credits, topup_package, monthly_ceiling_cents)
  values (p_organization_id, p_is_enabled, p_threshold_credits, p_topup_package, p_monthly_ceiling_cents)
  on conflict (organization_id) do update
  set is_enabled = excluded.is_enabled, threshold_credits = excluded.threshold_credits,
      topup_package = excluded.topup_package, monthly_ceiling_cents = excluded.monthly_ceiling_cents,
      declines = 0, next_attempt_at = null, stopped_at = null, stopped_reason = null, updated_at = clock_timestamp();
end;
$$;

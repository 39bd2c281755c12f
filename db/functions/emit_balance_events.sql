-- internal
-- credits.low_balance when the balance crosses the organization's share of its monthly credits,
-- credits.depleted when it reaches zero.
create or replace function stipend.emit_balance_events(
  p_organization_id text, p_monthly_allocation numeric, p_percent smallint,
  p_before numeric, p_after numeric, p_at timestamptz
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threshold  numeric := p_monthly_allocation * p_percent / 100;
begin
  if p_before >= v_threshold and p_after < v_threshold then
    perform stipend.emit_event(p_organization_id, 'credits.low_balance',
      jsonb_build_object('balance', p_after, 'threshold', round(v_threshold, 2)), p_at);
  end if;
  if p_before > 0 and p_after <= 0 then
    perform stipend.emit_event(p_organization_id, 'credits.depleted', jsonb_build_object('balance', p_after), p_at);
  end if;
end;
$$;

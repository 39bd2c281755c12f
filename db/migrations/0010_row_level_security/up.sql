-- Row level security on every table of an organization's. Reads are made as stipend_tenant, which sees the rows of the
-- organization that the transaction names in stipend.organization_id, or as stipend_operator, which sees all; servers
-- have to SET LOCAL ROLE to either. stipend_ledger's functions name the organization of each row they touch.

do $$
declare
  v_table   text;
  v_column  text;
begin
  foreach v_table in array array[
    'organizations', 'organization_plans', 'organization_credit_balances',
    'credit_transactions', 'credit_sources', 'credit_grants', 'credit_parties',
    'credit_reservations', 'reservation_replies', 'rate_windows', 'customer_uses', 'budgets', 'budget_windows',
    'outbox_events', 'outbox_cursors', 'settle_intents', 'output_estimate_cursors',
    'api_keys', 'idempotency_records', 'test_clocks'
  ] loop
    v_column := case v_table when 'organizations' then 'id' else 'organization_id' end;
    execute format('alter table stipend.%I enable row level security', v_table);
    execute format('create policy functions on stipend.%I to stipend_ledger using (true) with check (true)', v_table);
    execute format(
      'create policy own_rows on stipend.%I for select to stipend_tenant using (%I = nullif(current_setting(%L, true), %L))',
      v_table, v_column, 'stipend.organization_id', '');
    execute format('create policy all_rows on stipend.%I for select to stipend_operator using (true)', v_table);
  end loop;
end;
$$;

grant usage on schema stipend to stipend_tenant, stipend_operator;
grant select on all tables in schema stipend to stipend_tenant, stipend_operator;
-- Salts and hashes are nobody's to read but the functions'.
revoke select on stipend.api_keys, stipend.party_key from stipend_tenant, stipend_operator;
grant select
  (id, organization_id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, last_used_at)
  on stipend.api_keys to stipend_tenant, stipend_operator;

-- A server reads by itself what belongs to no organization.
revoke all on all tables in schema stipend from stipend_server;
revoke update (last_used_at, revoked_at) on stipend.api_keys from stipend_server;
grant select on
  stipend.migrations, stipend.credit_settings, stipend.quality_levels, stipend.ai_capabilities, stipend.llm_models,
  stipend.plans, stipend.plan_ai_capabilities, stipend.plan_ai_capability_quality_levels,
  stipend.plan_quality_level_models, stipend.credit_topup_packages, stipend.catalog_offers, stipend.catalog_versions,
  stipend.model_prices, stipend.output_estimates, stipend.consumption_feed, stipend.party_key
  to stipend_server;

grant insert, update (last_used_at, revoked_at) on stipend.api_keys to stipend_ledger;

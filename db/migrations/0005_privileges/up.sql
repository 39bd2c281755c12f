-- stipend_ledger owns the functions: it may add to the ledger, not change it.
-- stipend_server calls the functions and reads; it writes only what is neither catalog nor credits.

grant usage on schema stipend to stipend_ledger, stipend_server;

grant select on all tables in schema stipend to stipend_ledger;
grant insert on stipend.credit_transactions, stipend.credit_sources, stipend.catalog_versions to stipend_ledger;
grant insert, update, delete on
  stipend.credit_settings, stipend.quality_levels, stipend.ai_capabilities, stipend.llm_models, stipend.plans,
  stipend.plan_ai_capabilities, stipend.plan_ai_capability_quality_levels, stipend.plan_quality_level_models,
  stipend.credit_topup_packages, stipend.catalog_offers,
  stipend.organizations, stipend.organization_plans, stipend.organization_credit_balances, stipend.credit_grants,
  stipend.credit_parties, stipend.credit_reservations, stipend.reservation_replies, stipend.outbox_events,
  stipend.rate_windows, stipend.customer_uses, stipend.budgets, stipend.budget_windows, stipend.idempotency_records
  to stipend_ledger;

grant select on all tables in schema stipend to stipend_server;
grant insert, update (last_used_at, revoked_at) on stipend.api_keys to stipend_server;
grant insert, update, delete on stipend.idempotency_records to stipend_server;

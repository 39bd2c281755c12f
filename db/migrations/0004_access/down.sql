drop table stipend.idempotency_records;
drop table stipend.api_keys;
drop table stipend.budget_windows;
drop table stipend.budgets;
drop table stipend.customer_uses;
drop table stipend.rate_windows;

drop table stipend.auto_topups, stipend.subscriptions, stipend.payments, stipend.stripe_syncs, stipend.stripe_events,
  stipend.stripe_customers, stipend.stripe_prices;
alter table stipend.plans drop column annual_price_usd_cents;

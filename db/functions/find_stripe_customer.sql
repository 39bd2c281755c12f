-- The organization that a customer at Stripe is; NULL: none of ours.
create or replace function stipend.find_stripe_customer(p_customer_id text) returns text
language sql stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select c.organization_id from stipend.stripe_customers c where c.customer_id = p_customer_id;
$$;

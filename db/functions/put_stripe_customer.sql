-- Notes an organization's customer at Stripe and answers the one that counts: the first.
create or replace function stipend.put_stripe_customer(p_organization_id text, p_customer_id text) returns text
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_customer_id  text;
begin
  perform stipend.lock_balance(p_organization_id);
  insert into stipend.stripe_customers (customer_id, organization_id) values (p_customer_id, p_organization_id)
  on conflict (organization_id) do nothing;
  select c.customer_id into strict v_customer_id
  from stipend.stripe_customers c where c.organization_id = p_organization_id;
  update stipend.organization_plans p set stripe_customer_id = v_customer_id
  where p.organization_id = p_organization_id and p.stripe_customer_id is distinct from v_customer_id;
  return v_customer_id;
end;
$$;

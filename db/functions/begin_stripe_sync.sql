-- Numbers a reading of one of Stripe's objects that is about to be made: what is applied under a number undoes none
-- that was applied under a higher one.
create or replace function stipend.begin_stripe_sync(p_organization_id text, p_object_id text) returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into stipend.stripe_syncs as s (organization_id, object_id, begun)
  select g.id, p_object_id, 1 from stipend.organizations g where g.id = p_organization_id
  on conflict (organization_id, object_id) do update set begun = s.begun + 1
  returning begun;
$$;

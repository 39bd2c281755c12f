-- Idempotency clean-up: replies and records after 48 hours, ended reservations and shadow refusals after 90 days, customer uses after a
-- day. Events 30 days after they were delivered, 90 where nobody has taken them; what they caused after 30, Stripe's after 90.
-- Answers how many rows; call again
-- until 0.
create or replace function stipend.delete_expired_records(p_limit integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count  integer;
  v_total  integer := 0;
begin
  delete from stipend.reservation_replies r where (r.organization_id, r.reservation_id) in (
    select x.organization_id, x.reservation_id from stipend.reservation_replies x
    where x.created_at < clock_timestamp() - interval '48 hours' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  update stipend.settle_intents i set input = i.input - 'reply'
  where (i.organization_id, i.reservation_id) in (
    select x.organization_id, x.reservation_id from stipend.settle_intents x
    where x.created_at < clock_timestamp() - interval '48 hours' and x.input ? 'reply' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.outbox_events e where (e.organization_id, e.id) in (
    (select x.organization_id, x.id from stipend.outbox_events x
     where x.delivered_at < clock_timestamp() - interval '30 days' limit p_limit)
    union all
    (select x.organization_id, x.id from stipend.outbox_events x
     where x.delivered_at is null and x.created_at < clock_timestamp() - interval '90 days' limit p_limit));
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.stripe_events e where e.id in (
    select x.id from stipend.stripe_events x where x.received_at < clock_timestamp() - interval '90 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  v_total := v_total + stipend.delete_expired_messages(p_limit);
  delete from stipend.idempotency_records r where (r.organization_id, r.key) in (
    select x.organization_id, x.key from stipend.idempotency_records x
    where x.created_at < clock_timestamp() - interval '48 hours' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.customer_uses u where (u.organization_id, u.limit_key, u.reservation_id) in (
    select x.organization_id, x.limit_key, x.reservation_id from stipend.customer_uses x
    where x.used_at < clock_timestamp() - interval '24 hours' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.shadow_refusals f where (f.organization_id, f.reservation_id) in (
    select x.organization_id, x.reservation_id from stipend.shadow_refusals x
    where x.created_at < clock_timestamp() - interval '90 days' limit p_limit);
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from stipend.credit_reservations r using (
    select x.organization_id, x.id
    from stipend.organizations g
    cross join lateral (
      select y.organization_id, y.id from stipend.credit_reservations y
      where hashtext(y.organization_id) = hashtext(g.id) and y.organization_id = g.id and y.status <> 'open' and y.expires_at < clock_timestamp() - interval '90 days'
      limit p_limit
    ) x
    limit p_limit
  ) old
  where r.organization_id = old.organization_id and r.id = old.id;
  get diagnostics v_count = row_count;
  return v_total + v_count;
end;
$$;

-- reads
-- The answer kept for replays of a reservation's key, 48 hours by the organization's time; NULL: none any more.
create or replace function stipend.get_reply(p_organization_id text, p_reservation_id uuid) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select r.reply
  from stipend.reservation_replies r
  join stipend.organization_credit_balances b on b.organization_id = r.organization_id
  where r.organization_id = p_organization_id and r.reservation_id = p_reservation_id
    and r.created_at > stipend.organization_now(b.organization_id, b.ledger_at) - interval '48 hours';
$$;

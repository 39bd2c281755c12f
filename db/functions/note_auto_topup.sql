-- internal
-- An automatic purchase was paid or declined: after a decline the next attempt waits an hour, then six; after the third
-- there is none until an admin switches it on again. The caller holds the lock.
create or replace function stipend.note_auto_topup(
  p_before stipend.payments, p_payment stipend.payments, p_now timestamptz
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_declines  integer;
begin
  if p_payment.kind <> 'auto_topup' or p_payment.status = p_before.status then
    return;
  end if;
  if p_payment.status = 'paid' then
    update stipend.auto_topups a set declines = 0, next_attempt_at = null
    where a.organization_id = p_payment.organization_id and a.stopped_at is null;
  elsif p_payment.status = 'failed' then
    update stipend.auto_topups a
    set declines = a.declines + 1,
        next_attempt_at = p_now + case a.declines when 0 then interval '1 hour' else interval '6 hours' end,
        stopped_at = case when a.declines >= 2 then p_now end,
        stopped_reason = case when a.declines >= 2 then coalesce(p_payment.failure_code, 'declined') end
    where a.organization_id = p_payment.organization_id and a.stopped_at is null
    returning a.declines into v_declines;
    if v_declines >= 3 then
      perform stipend.emit_event(p_payment.organization_id, 'auto_topup.stopped', jsonb_build_object(
        'declines', v_declines, 'reason', coalesce(p_payment.failure_code, 'declined')), p_now);
    end if;
  end if;
end;
$$;

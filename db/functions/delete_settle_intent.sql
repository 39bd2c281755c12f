-- Takes out an intent that is posted, or with p_dropped (an error code) one that never will be: an operator's event
-- is written in the same transaction. Answers whether it was there.
create or replace function stipend.delete_settle_intent(p_organization_id text, p_reservation_id uuid, p_dropped text)
returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from stipend.settle_intents i
  where i.organization_id = p_organization_id and i.reservation_id = p_reservation_id;
  if found and p_dropped is not null then
    perform stipend.emit_event(p_organization_id, 'reservation.settle_dropped',
      jsonb_build_object('reservationId', p_reservation_id, 'code', p_dropped), clock_timestamp());
  end if;
  return found;
end;
$$;

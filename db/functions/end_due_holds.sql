-- internal
-- Ends up to p_limit open holds whose lease ran out: a dispatched one is charged its last reported usage,
-- else its input estimate, for review; one never dispatched expires uncharged. Answers how many.
-- The caller holds the organization's lock.
create or replace function stipend.end_due_holds(p_organization_id text, p_limit integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now    timestamptz;
  v_ids    uuid[];
  v_count  integer;
begin
  v_now := stipend.organization_now(p_organization_id, '-infinity');
  select array_agg(h.id) into v_ids
  from (
    select r.id
    from stipend.organization_credit_balances b
    join stipend.credit_reservations r on hashtext(r.organization_id) = hashtext(b.organization_id)
      and r.organization_id = b.organization_id and r.expires_at >= b.holds_due_from and r.expires_at <= v_now
    where b.organization_id = p_organization_id and b.open_holds > 0 and r.status = 'open'
    order by r.expires_at
    limit p_limit
  ) h;
  v_count := coalesce(cardinality(v_ids), 0);

  if v_count > 0 then
    perform stipend.settle_credits(
      true, true, array[p_organization_id], array_fill(1, array[v_count]), v_ids, array_fill(0, array[v_count]),
      array_fill(null::bigint, array[v_count]), array_fill(null::bigint, array[v_count]),
      array_fill(null::text, array[v_count]), array_fill(null::text, array[v_count]),
      array_fill(null::jsonb, array[v_count]), array_fill(null::bytea, array[v_count]),
      array_fill(null::jsonb, array[v_count]));
  end if;

  -- All due ones ended: none of the rest is due before now. Else the scan goes on where it stopped.
  update stipend.organization_credit_balances b
  set holds_due_from = case
    when v_count < p_limit then v_now
    else (select max(r.expires_at) from stipend.credit_reservations r
          where r.organization_id = p_organization_id and r.id = any(v_ids))
    end
  where b.organization_id = p_organization_id;
  return v_count;
end;
$$;

-- reads
-- The first ledger sequence written at or after a moment; one past the last where there is none.
-- Time rises with the sequence, so this bisects over the primary key.
create or replace function stipend.sequence_at(p_organization_id text, p_at timestamptz) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_low     bigint;
  v_high    bigint;   -- no row before v_low is late enough, the one at v_high is
  v_middle  bigint;
begin
  select min(t.sequence), max(t.sequence) + 1 into v_low, v_high
  from stipend.credit_transactions t where t.organization_id = p_organization_id;
  while v_low < v_high loop
    v_middle := (v_low + v_high) / 2;
    if (select t.created_at >= p_at from stipend.credit_transactions t
        where t.organization_id = p_organization_id and t.sequence = v_middle) then
      v_high := v_middle;
    else
      v_low := v_middle + 1;
    end if;
  end loop;
  return coalesce(v_low, 1);
end;
$$;

-- internal
-- The ledger row already posted for a host's source; no row: nothing yet. Refuses other type or credits under the
-- same source. Sources that begin with # are Stipend's own: periods, welcome, plan changes.
create or replace function stipend.posted_for_source(
  p_organization_id text, p_source_id text, p_type text, p_credits numeric
) returns stipend.credit_transactions
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_source  stipend.credit_sources;
  v_row     stipend.credit_transactions;
begin
  if p_source_id like '#%' then
    perform stipend.refuse('invalid_request', jsonb_build_object('field', 'sourceId', 'value', p_source_id,
      'rule', 'must not begin with #: such sources are Stipend''s own'));
  end if;
  select * into v_source from stipend.credit_sources s
  where s.organization_id = p_organization_id and s.source_id = p_source_id;
  if v_source.sequence is not null then
    if v_source.type <> p_type or v_source.credits <> p_credits then
      perform stipend.refuse('idempotency_mismatch', jsonb_build_object(
        'message', 'This sourceId was posted before with another type or other credits.', 'sourceId', p_source_id,
        'type', v_source.type, 'credits', v_source.credits, 'sequence', v_source.sequence));
    end if;
    select * into v_row from stipend.credit_transactions t
    where t.organization_id = p_organization_id and t.sequence = v_source.sequence;
  end if;
  return v_row;
end;
$$;

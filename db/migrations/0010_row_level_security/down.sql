revoke insert, update (last_used_at, revoked_at) on stipend.api_keys from stipend_ledger;

revoke all on all tables in schema stipend from stipend_tenant, stipend_operator;
revoke select
  (id, organization_id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, last_used_at)
  on stipend.api_keys from stipend_tenant, stipend_operator;
revoke usage on schema stipend from stipend_tenant, stipend_operator;

do $$
declare
  v_policy  record;
begin
  for v_policy in select p.polname, p.polrelid::regclass as relation
    from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid
    where c.relnamespace = 'stipend'::regnamespace
  loop
    execute format('drop policy %I on %s', v_policy.polname, v_policy.relation);
    execute format('alter table %s disable row level security', v_policy.relation);
  end loop;
end;
$$;

grant select on all tables in schema stipend to stipend_server;
revoke select on stipend.settle_intents, stipend.output_lengths, stipend.output_estimate_cursors from stipend_server;
grant insert, update (last_used_at, revoked_at) on stipend.api_keys to stipend_server;
grant insert, update, delete on stipend.idempotency_records to stipend_server;

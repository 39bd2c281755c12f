-- internal
-- The audit log is append-only: nothing of a row changes but an outcome that is not there yet.
create or replace function stipend.refuse_audit_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and old.outcome is null
    and to_jsonb(new) - '{outcome,finished_at}'::text[] = to_jsonb(old) - '{outcome,finished_at}'::text[] then
    return new;
  end if;
  raise exception using
    errcode = 'SP001',
    message = format('%s on %I.%I is refused: the audit log is append-only', tg_op, tg_table_schema, tg_table_name);
end;
$$;

-- Only where it is missing: made anew, it would wait for every writer of the table, and all others behind it.
do $$
begin
  if not exists (
    select from pg_catalog.pg_trigger
    where tgrelid = 'stipend.audit_log'::regclass and tgname = 'append_only' and tgenabled = 'O'
      and tgfoid = 'stipend.refuse_audit_change()'::regprocedure and tgqual is null
  ) then
    create or replace trigger append_only
      before update or delete on stipend.audit_log
      for each row execute function stipend.refuse_audit_change();
  end if;
end;
$$;

-- Only where it is missing: made anew, it would wait for every writer of the table, and all others behind it.
do $$
begin
  if not exists (
    select from pg_catalog.pg_trigger
    where tgrelid = 'stipend.audit_log'::regclass and tgname = 'no_truncate' and tgenabled = 'O'
      and tgfoid = 'stipend.refuse_audit_change()'::regprocedure and tgqual is null
  ) then
    create or replace trigger no_truncate
      before truncate on stipend.audit_log
      for each statement execute function stipend.refuse_audit_change();
  end if;
end;
$$;

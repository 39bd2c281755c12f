-- internal
-- The ledger is append-only for everybody, its owner included. The owner may take away rows that are in an archive: with
-- stipend.is_archiving on, which `stipend ledger archive` sets for its transaction.
create or replace function stipend.refuse_ledger_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and current_setting('stipend.is_archiving', true) = 'on'
    and (select pg_has_role(c.relowner, 'usage') from pg_class c where c.oid = tg_relid) then
    return null;
  end if;
  raise exception using
    errcode = 'SP001',
    message = format('%s on %I.%I is refused: the ledger is append-only', tg_op, tg_table_schema, tg_table_name),
    hint = 'Post a correcting transaction instead, for example with stipend.adjust_credits().';
end;
$$;

-- Only where it is missing: made anew, it would wait for every writer of the table, and all others behind it.
do $$
begin
  if not exists (
    select from pg_catalog.pg_trigger
    where tgrelid = 'stipend.credit_transactions'::regclass and tgname = 'append_only' and tgenabled = 'O'
      and tgfoid = 'stipend.refuse_ledger_change()'::regprocedure and tgqual is null
  ) then
    create or replace trigger append_only
      before update or delete or truncate on stipend.credit_transactions
      for each statement execute function stipend.refuse_ledger_change();
  end if;
end;
$$;

-- internal
-- The ledger is append-only for everybody, its owner included.
create or replace function stipend.refuse_ledger_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'SP001',
    message = format('%s on %I.%I is refused: the ledger is append-only', tg_op, tg_table_schema, tg_table_name),
    hint = 'Post a correcting transaction instead, for example with stipend.adjust_credits().';
end;
$$;

create or replace trigger append_only
  before update or delete or truncate on stipend.credit_transactions
  for each statement execute function stipend.refuse_ledger_change();

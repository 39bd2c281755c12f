-- reads
-- Ends the transaction with a refusal: SQLSTATE SP002, the code as message, its particulars as detail (JSON).
create or replace function stipend.refuse(p_code text, p_detail jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using errcode = 'SP002', message = p_code, detail = p_detail::text;
end;
$$;

-- internal
-- Copies an organization's plan and status to its balance row, where decisions read them under the lock.
create or replace function stipend.keep_balance_plan() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update stipend.organization_credit_balances b set plan_id = new.plan_id, plan_status = new.status
  where b.organization_id = new.organization_id and (b.plan_id, b.plan_status) <> (new.plan_id, new.status);
  return null;
end;
$$;

-- Only where it is missing: made anew, it would wait for every writer of the table, and all others behind it.
do $$
begin
  if not exists (
    select from pg_catalog.pg_trigger
    where tgrelid = 'stipend.organization_plans'::regclass and tgname = 'keep_balance_plan' and tgenabled = 'O'
      and tgfoid = 'stipend.keep_balance_plan()'::regprocedure and tgqual is null
  ) then
    create or replace trigger keep_balance_plan
      after update of plan_id, status on stipend.organization_plans
      for each row execute function stipend.keep_balance_plan();
  end if;
end;
$$;

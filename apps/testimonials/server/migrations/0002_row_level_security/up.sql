-- All that is an organization's is read and written as stipend_tenant, which sees and makes the rows of the organization
-- that the transaction names (`withOrganization()`).
do $$
declare
  v_table  text;
begin
  foreach v_table in array array[
    'form_organizations', 'forms', 'customers', 'submissions', 'testimonials', 'ai_interruptions'
  ] loop
    execute format('alter table testimonials.%I enable row level security', v_table);
    execute format('create policy own_rows on testimonials.%I to stipend_tenant '
      'using (organization_id = nullif(current_setting(%L, true), %L)) '
      'with check (organization_id = nullif(current_setting(%L, true), %L))',
      v_table, 'stipend.organization_id', '', 'stipend.organization_id', '');
  end loop;
end;
$$;

-- A public form is known by its id before its organization is.
create policy look_up on testimonials.form_organizations for select to stipend_server using (true);

grant usage on schema testimonials to stipend_tenant;
grant select, insert, update, delete on
  testimonials.form_organizations, testimonials.forms, testimonials.customers, testimonials.submissions,
  testimonials.testimonials, testimonials.ai_interruptions
  to stipend_tenant;
revoke insert, update, delete on testimonials.form_organizations from stipend_server;
revoke select, insert, update, delete on
  testimonials.forms, testimonials.customers, testimonials.submissions, testimonials.testimonials,
  testimonials.ai_interruptions
  from stipend_server;

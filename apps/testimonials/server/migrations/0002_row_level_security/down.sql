drop policy look_up on testimonials.form_organizations;
do $$
declare
  v_table  text;
begin
  foreach v_table in array array[
    'form_organizations', 'forms', 'customers', 'submissions', 'testimonials', 'ai_interruptions'
  ] loop
    execute format('drop policy own_rows on testimonials.%I', v_table);
    execute format('alter table testimonials.%I disable row level security', v_table);
  end loop;
end;
$$;

revoke select, insert, update, delete on
  testimonials.form_organizations, testimonials.forms, testimonials.customers, testimonials.submissions,
  testimonials.testimonials, testimonials.ai_interruptions
  from stipend_tenant;
revoke usage on schema testimonials from stipend_tenant;
grant select, insert, update, delete on
  testimonials.form_organizations, testimonials.forms, testimonials.customers, testimonials.submissions,
  testimonials.testimonials, testimonials.ai_interruptions
  to stipend_server;

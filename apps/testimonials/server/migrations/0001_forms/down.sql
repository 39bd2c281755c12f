revoke usage on schema testimonials from stipend_server;
drop table testimonials.digest_keys, testimonials.ai_interruptions, testimonials.testimonials,
  testimonials.submissions, testimonials.customers, testimonials.forms, testimonials.form_organizations;

-- Writes down what an operator is about to do; its number is for finish_audit().
create or replace function stipend.begin_audit(
  p_actor_type text, p_actor_id text, p_actor_name text, p_action text, p_target text, p_reason text,
  p_parameters jsonb, p_request_id text
) returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into stipend.audit_log (
    actor_type, actor_id, actor_name, action, target, reason, parameters, request_id)
  values (p_actor_type, p_actor_id, p_actor_name, p_action, p_target, p_reason, p_parameters, p_request_id)
  returning id;
$$;

-- What operators have done, and how the jobs run.

-- A row an action, written before it begins; its outcome after. NULL: under way, or its process died.
create table stipend.audit_log (
  id               bigint generated always as identity primary key,
  actor_type       text not null,
  actor_id         text not null,
  actor_name       text,
  action           text not null,                   -- such as 'POST /organizations/{id}/grants' or 'catalog push'
  target           text,                            -- the organization that it was done to
  reason           text,
  parameters       jsonb not null,                  -- what was asked for; no secrets
  request_id       text,
  outcome          text,                            -- 'done', or the code of the refusal
  created_at       timestamptz not null default clock_timestamp(),
  finished_at      timestamptz,
  check ((outcome is null) = (finished_at is null))
);
create index audit_log_by_target on stipend.audit_log (target, id);

-- The last run of each job, by whichever worker.
create table stipend.job_runs (
  name            text primary key,
  ended_at        timestamptz not null,
  ms              integer not null,
  count           bigint not null,
  code            text,                             -- of the failure; NULL: it did what was due
  last_success_at timestamptz,
  runs            bigint not null default 0,
  failures        bigint not null default 0
);

grant select, insert on stipend.audit_log to stipend_ledger;
grant update (outcome, finished_at) on stipend.audit_log to stipend_ledger;
grant select, insert, update on stipend.job_runs to stipend_ledger;
grant select on stipend.audit_log, stipend.job_runs to stipend_operator;

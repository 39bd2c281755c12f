drop table stipend.job_runs, stipend.audit_log;

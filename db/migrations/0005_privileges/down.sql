revoke all on all tables in schema stipend from stipend_server, stipend_ledger;
revoke usage on schema stipend from stipend_server, stipend_ledger;

revoke usage on schema auth from stipend_server;
drop table auth.rate_limits, auth.jwks, auth.invitations, auth.members, auth.organizations, auth.verifications,
  auth.accounts, auth.sessions, auth.users;
drop function auth.keep_an_owner();

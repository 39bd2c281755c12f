drop trigger cancel_invitations on auth.members;
drop function auth.cancel_invitations();
drop table auth.organization_makers;
drop table auth.counters;

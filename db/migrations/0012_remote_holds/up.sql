-- Made over HTTP by who makes the call himself, and ends it there; the others are the server's own calls to end.
alter table stipend.credit_reservations add column is_remote boolean not null default false;

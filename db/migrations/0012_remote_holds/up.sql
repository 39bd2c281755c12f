-- Who made a hold over HTTP, makes the call himself, and ends it there: 'type:id' of a key or a person. NULL: a call of
-- the server's own, which ends it.
alter table stipend.credit_reservations add column remote_by text;

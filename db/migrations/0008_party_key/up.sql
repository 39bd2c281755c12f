-- From which the salt of each party's digest is derived, so that every process gives a person the same digest.
-- Who has it can test a guess of an erased name against the ledger: for servers alone.
create table stipend.party_key (
  is_only  boolean primary key default true check (is_only),
  secret   bytea not null default sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
insert into stipend.party_key default values;
grant select on stipend.party_key to stipend_server;

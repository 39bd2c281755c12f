-- Proof: checkpoints of the ledger's heads, signed with a key outside the database, and what has been archived.

-- A signed list of heads. Each names the hash of the one before, so that none can be left out in between.
create table stipend.ledger_checkpoints (
  number         bigint primary key check (number > 0),
  previous_hash  bytea not null,                    -- of the checkpoint before; of nothing for the first
  hash           bytea not null,                    -- sha256 of the token
  organizations  integer not null check (organizations > 0),
  heads_digest   bytea not null,                    -- sha256 over its heads, see heads_digest()
  key_id         text not null,                     -- thumbprint of the public key (RFC 7638)
  token          text not null,                     -- JWS (RFC 7515) over all of the above
  created_at     timestamptz not null
);

-- Where an organization's ledger stood, for those that had moved since their last head.
create table stipend.ledger_checkpoint_heads (
  organization_id   text not null,                  -- no foreign key: outlives what it is to prove
  checkpoint        bigint not null,
  sequence          bigint not null,
  hash              bytea not null,
  monthly_left      numeric(14,2) not null,
  bonus             numeric(14,2) not null,
  debt              numeric(14,2) not null,
  used_this_period  numeric(14,2) not null,
  period_start      timestamptz not null,
  ledger_at         timestamptz not null,           -- time of the head's row
  primary key (organization_id, checkpoint)
);
create index ledger_checkpoint_heads_by_checkpoint on stipend.ledger_checkpoint_heads (checkpoint);

-- Rows up to a checkpoint's head that are in a file and no longer in the ledger.
create table stipend.ledger_archives (
  organization_id   text not null references stipend.organizations (id),
  through_sequence  bigint not null,
  from_sequence     bigint not null,
  checkpoint        bigint not null,
  file_sha256       bytea not null,
  archived_by       text not null,
  archived_at       timestamptz not null default clock_timestamp(),
  primary key (organization_id, through_sequence)
);

do $$
declare
  v_table  text;
begin
  foreach v_table in array array['ledger_checkpoint_heads', 'ledger_archives'] loop
    execute format('alter table stipend.%I enable row level security', v_table);
    execute format('create policy functions on stipend.%I to stipend_ledger using (true) with check (true)', v_table);
    execute format(
      'create policy own_rows on stipend.%I for select to stipend_tenant using (organization_id = nullif(current_setting(%L, true), %L))',
      v_table, 'stipend.organization_id', '');
    execute format('create policy all_rows on stipend.%I for select to stipend_operator using (true)', v_table);
  end loop;
end;
$$;

grant select, insert on stipend.ledger_checkpoints, stipend.ledger_checkpoint_heads to stipend_ledger;
grant select on stipend.ledger_archives to stipend_ledger;
grant select on stipend.ledger_checkpoints, stipend.ledger_checkpoint_heads, stipend.ledger_archives
  to stipend_tenant, stipend_operator;

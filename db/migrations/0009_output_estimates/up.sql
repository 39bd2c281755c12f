-- How long answers are, learned from the ledger: expected output tokens of a capability at a quality level.
-- A histogram of calls by length; bucket k holds answers of 2^(k/8) - 1 up to 2^((k+1)/8) - 1 tokens, 9 % wide.
create table stipend.output_lengths (
  capability  text not null,
  quality     text not null,
  bucket      smallint not null check (bucket >= 0),
  calls       integer not null check (calls >= 0),
  primary key (capability, quality, bucket)
);
create table stipend.output_estimates (
  capability              text not null,
  quality                 text not null,
  calls                   integer not null,
  expected_output_tokens  integer,             -- 95th percentile; NULL: fewer than 200 calls
  learned_at              timestamptz not null,
  primary key (capability, quality)
);
-- Up to where each organization's ledger has been read.
create table stipend.output_estimate_cursors (
  organization_id  text primary key references stipend.organizations (id),
  sequence         bigint not null
);
-- Changes in place: no part of what an offer is, but of what its next calls are expected to cost.
alter table stipend.catalog_offers add column expected_output_tokens integer;

grant select, insert, update, delete on stipend.output_lengths, stipend.output_estimates, stipend.output_estimate_cursors
  to stipend_ledger;
grant select on stipend.output_estimates to stipend_server;

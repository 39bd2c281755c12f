-- The ledger itself is not touched. Rows that were archived stay in their files; what they were proven by goes with these.
drop table stipend.ledger_archives, stipend.ledger_checkpoint_heads, stipend.ledger_checkpoints;

-- Erasing a person draws a new key: with the old one gone, nobody can test a guess of the name against the ledger.
grant update on stipend.party_key to stipend_ledger;

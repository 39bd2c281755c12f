revoke update on stipend.party_key from stipend_ledger;

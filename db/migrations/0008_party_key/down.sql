drop table stipend.party_key;

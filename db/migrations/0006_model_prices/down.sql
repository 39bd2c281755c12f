drop view stipend.call_margins;
drop index stipend.credit_transactions_provisional;
drop table stipend.model_prices;

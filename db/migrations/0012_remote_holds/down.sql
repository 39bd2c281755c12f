alter table stipend.credit_reservations drop column is_remote;

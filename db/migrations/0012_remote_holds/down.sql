alter table stipend.credit_reservations drop column remote_by;

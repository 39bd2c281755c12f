update hot_row set value = value + 1 where id = 1;

-- internal
-- How long to wait after so many failures of a delivery, a tenth more or less; NULL: no longer. 18 hours in all.
create or replace function stipend.retry_delay(p_failures integer) returns interval
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select (array['5 seconds', '1 minute', '5 minutes', '30 minutes', '2 hours', '5 hours', '10 hours']::interval[])[p_failures]
    * (0.9 + 0.2 * random());
$$;

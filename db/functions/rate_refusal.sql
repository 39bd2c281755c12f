-- internal
create or replace function stipend.rate_refusal(
  p_window text, p_limit bigint, p_count bigint, p_previous bigint, p_elapsed_ms bigint, p_window_ms bigint
) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('window', p_window, 'limit', p_limit,
    'used', p_count + ceil(p_previous * (p_window_ms - p_elapsed_ms) / p_window_ms::numeric)::bigint,
    'retryAfterMs', stipend.rate_retry_after(p_limit, p_count, p_previous, p_elapsed_ms, p_window_ms));
$$;

-- reads
-- Milliseconds until one more call fits a sliding window of p_window_ms: first as the previous bucket's
-- weight falls, else in the next bucket, where today's count becomes the previous one.
create or replace function stipend.rate_retry_after(
  p_limit bigint, p_count bigint, p_previous bigint, p_elapsed_ms bigint, p_window_ms bigint
) returns bigint
language sql immutable strict parallel safe
as $$
  select case
    when p_count + 1 <= p_limit and p_previous > 0 then
      greatest(p_window_ms - div((p_limit - 1 - p_count) * p_window_ms, p_previous)::bigint - p_elapsed_ms, 1)
    else
      p_window_ms - p_elapsed_ms
        + greatest(p_window_ms - div((p_limit - 1) * p_window_ms, p_count)::bigint, 0)
    end;
$$;

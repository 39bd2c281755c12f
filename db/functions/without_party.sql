-- internal
-- JSON in which the party is not named: objects with its id lose name and email, and other texts that have one of the
-- words, whole and in any case, have `[erased]` instead.
create or replace function stipend.without_party(p_value jsonb, p_party_id text, p_words text[]) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text  text;
  v_word  text;
begin
  case jsonb_typeof(p_value)
    when 'object' then
      return (
        select coalesce(jsonb_object_agg(e.key, stipend.without_party(e.value, p_party_id, p_words)), '{}')
        from jsonb_each(p_value) e
        where p_value ->> 'id' is distinct from p_party_id or e.key not in ('name', 'email'));
    when 'array' then
      return (
        select coalesce(jsonb_agg(stipend.without_party(e.value, p_party_id, p_words) order by e.n), '[]')
        from jsonb_array_elements(p_value) with ordinality e(value, n));
    when 'string' then
      v_text := p_value #>> '{}';
      foreach v_word in array p_words loop
        v_text := regexp_replace(v_text,
          '(?<!\w)' || regexp_replace(v_word, '([^\w\s])', '\\\1', 'g') || '(?!\w)', '[erased]', 'gi');
      end loop;
      return to_jsonb(v_text);
    else
      return p_value;
  end case;
end;
$$;

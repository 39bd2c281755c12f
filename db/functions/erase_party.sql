-- Removes a person's names and addresses from what one organization has stored: all versions of the party with their
-- salts, payloads of the host's events, answers kept for replays of calls that the person caused or that concern them.
-- The ledger is not touched: it has the host's id and a digest, of which nobody has the salt any more, since the key
-- that salts follow from is drawn anew. From then on the person is stored like a new one.
-- Tells the host's own tables by the event party.erased. Erased again, it finds nothing and says so.
create or replace function stipend.erase_party(
  p_organization_id text, p_party_type text, p_party_id text,
  out versions integer, out replies integer, out events integer
)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_balance  stipend.organization_credit_balances;
  v_words    text[];
  v_calls    uuid[];
  v_count    integer;
begin
  v_balance := stipend.lock_balance(p_organization_id);
  delete from stipend.notification_preferences n
  where n.organization_id = p_organization_id and n.actor_type = p_party_type and n.actor_id = p_party_id;
  delete from stipend.notification_reads n
  where n.organization_id = p_organization_id and n.actor_type = p_party_type and n.actor_id = p_party_id;
  delete from stipend.message_deliveries m
  where m.organization_id = p_organization_id and m.recipient_type = p_party_type and m.recipient_id = p_party_id;

  with standing as (
    select p.digest, p.name, p.email from stipend.credit_parties p
    where p.organization_id = p_organization_id and p.party_id = p_party_id and p.party_type = p_party_type
      and p.erased_at is null
  ), erased as (
    update stipend.credit_parties p
    set name = null, email = null, salt = null, erased_at = clock_timestamp()
    from standing s
    where p.organization_id = p_organization_id and p.digest = s.digest
    returning p.digest
  )
  select (select count(*) from erased),
    coalesce((
      select array_agg(distinct w.word order by w.word desc)
      from standing s cross join lateral (values (s.email), (s.name)) w(word) where btrim(w.word) <> ''), '{}')
  into versions, v_words;

  -- What is kept under an id of the person's calls; reservations outlive replies by far.
  select coalesce(array_agg(r.id), '{}') into v_calls
  from stipend.credit_reservations r
  where r.organization_id = p_organization_id
    and ((r.actor_type = p_party_type and r.actor_id = p_party_id)
      or (r.subject_type = p_party_type and r.subject_id = p_party_id));
  delete from stipend.reservation_replies r
  where r.organization_id = p_organization_id and r.reservation_id = any(v_calls);
  get diagnostics replies = row_count;
  update stipend.settle_intents i set input = i.input - 'reply'
  where i.organization_id = p_organization_id and i.reservation_id = any(v_calls) and i.input ? 'reply';
  get diagnostics v_count = row_count;
  replies := replies + v_count;
  update stipend.idempotency_records r set body = stipend.without_party(r.body, p_party_id, v_words)
  where r.organization_id = p_organization_id
    and r.body is distinct from stipend.without_party(r.body, p_party_id, v_words);
  get diagnostics v_count = row_count;
  replies := replies + v_count;

  -- Stipend's own events name nobody; what is in a host's is the host's choice.
  update stipend.outbox_events e set payload = stipend.without_party(e.payload, p_party_id, v_words)
  where e.organization_id = p_organization_id
    and split_part(e.type, '.', 1) not in ('credits', 'plan', 'reservation', 'topup', 'auto_topup', 'payment', 'reconciliation',
      'budget', 'subscription', 'party', 'webhook', 'webhook_endpoint')
    and e.payload is distinct from stipend.without_party(e.payload, p_party_id, v_words);
  get diagnostics events = row_count;
  update stipend.webhook_deliveries d set payload = stipend.without_party(d.payload, p_party_id, v_words)
  where d.organization_id = p_organization_id
    and split_part(d.type, '.', 1) not in ('credits', 'plan', 'reservation', 'topup', 'auto_topup', 'payment', 'reconciliation',
      'budget', 'subscription', 'party', 'webhook', 'webhook_endpoint')
    and d.payload is distinct from stipend.without_party(d.payload, p_party_id, v_words);

  -- A new key makes everybody a new row with their next call, so not where nothing was erased.
  if versions > 0 then
    update stipend.party_key set secret = sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  end if;
  perform stipend.emit_event(p_organization_id, 'party.erased',
    jsonb_build_object('type', p_party_type, 'id', p_party_id),
    stipend.organization_now(p_organization_id, v_balance.ledger_at));
end;
$$;

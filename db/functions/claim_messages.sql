-- Gives out up to p_limit mails, rounds or posts to Slack that are due, each to one sender for a minute. slack_url is the
-- organization's, for posts.
create or replace function stipend.claim_messages(p_limit integer, p_channels text[])
returns table (
  organization_id text, id uuid, lease uuid, channel text, event_id text, type text, payload jsonb, event_at timestamptz,
  recipient_type text, recipient_id text, slack_url text, organization_name text
)
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select x.organization_id, x.id from stipend.message_deliveries x
    where x.status = 'pending' and x.channel = any(p_channels)
      and x.next_attempt_at <= clock_timestamp() and x.leased_until <= clock_timestamp()
    order by x.next_attempt_at
    limit p_limit
    for update skip locked
  )
  update stipend.message_deliveries m
  set lease = gen_random_uuid(), leased_until = clock_timestamp() + interval '1 minute'
  from due
  join stipend.organizations o on o.id = due.organization_id
  left join stipend.notification_settings s on s.organization_id = due.organization_id
  where m.organization_id = due.organization_id and m.id = due.id
  returning m.organization_id, m.id, m.lease, m.channel, m.event_id, m.type, m.payload, m.event_at, m.recipient_type,
    m.recipient_id, case when m.channel = 'slack' then s.slack_url end, o.name;
$$;

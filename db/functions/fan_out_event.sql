-- Adds what an event causes: a delivery for each endpoint that subscribes to it and, as asked for, a notice in the console,
-- a post to Slack where it is connected, and a round of mails. The same event again adds nothing.
-- Old news is for endpoints alone: after three days no mail or post is made of it, after 30 no notice.
-- Of low balance an organization gets one mail and post within 24 hours. What a notice tells leaves out where to pay.
create or replace function stipend.fan_out_event(
  p_organization_id text, p_event_id text, p_type text, p_payload jsonb, p_at timestamptz,
  p_in_app boolean, p_slack boolean, p_mail boolean
) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tells  boolean := p_at > clock_timestamp() - interval '3 days';
begin
  insert into stipend.webhook_deliveries (organization_id, endpoint_id, event_id, type, payload, event_at)
  select e.organization_id, e.id, p_event_id, p_type, p_payload, p_at
  from stipend.webhook_endpoints e
  where e.organization_id = p_organization_id and e.is_enabled
    and case when p_type = 'credits.consumption' then e.consumption_since <= p_at
      else e.events is null or p_type = any(e.events) end
  order by e.id
  on conflict (organization_id, endpoint_id, event_id) do nothing;

  if not exists (select from stipend.organizations o where o.id = p_organization_id) then
    return;
  end if;
  if p_in_app and p_at > clock_timestamp() - interval '30 days' then
    insert into stipend.notifications (organization_id, event_id, type, payload, created_at)
    values (p_organization_id, p_event_id, p_type, p_payload - 'payUrl', p_at)
    on conflict (organization_id, event_id) do nothing;
  end if;

  if v_tells and p_type = 'credits.low_balance' and (p_slack or p_mail) then
    insert into stipend.notification_settings as s (organization_id, low_balance_mailed_at)
    values (p_organization_id, p_at)
    on conflict (organization_id) do update set low_balance_mailed_at = p_at
      where s.low_balance_mailed_at is null or s.low_balance_mailed_at <= p_at - interval '24 hours';
    v_tells := found;
  end if;
  insert into stipend.message_deliveries (organization_id, channel, event_id, type, payload, event_at)
  select p_organization_id, c.channel, p_event_id, p_type, p_payload, p_at
  from (values ('mail_round', p_mail), ('slack', p_slack)) c(channel, is_wanted)
  where v_tells and c.is_wanted
    and (c.channel <> 'slack' or exists (
      select from stipend.notification_settings s
      where s.organization_id = p_organization_id and s.slack_url is not null))
  on conflict (organization_id, event_id, channel, recipient_type, recipient_id) do nothing;
end;
$$;

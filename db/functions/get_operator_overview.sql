-- reads
-- What an operator looks at first: how many organizations on each plan, and what waits where.
create or replace function stipend.get_operator_overview() returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'plans', (
      select coalesce(jsonb_agg(jsonb_build_object('plan', x.unique_name, 'organizations', x.organizations,
        'pastDue', x.past_due, 'suspended', x.suspended) order by x.tier_rank), '[]')
      from (
        select n.unique_name, n.tier_rank, count(p.organization_id) as organizations,
          count(*) filter (where p.status = 'past_due') as past_due, count(*) filter (where p.status = 'suspended') as suspended
        from stipend.plans n left join stipend.organization_plans p on p.plan_id = n.id
        where n.is_active or p.organization_id is not null
        group by n.id) x),
    'inDebt', (select count(*) from stipend.organization_credit_balances b where b.debt > 0),
    'openHolds', (select coalesce(sum(b.open_holds), 0) from stipend.organization_credit_balances b where b.open_holds > 0),
    'settleIntents', (select count(*) from stipend.settle_intents),
    'pendingEvents', (select count(*) from stipend.outbox_events e where e.delivered_at is null),
    'oldestPendingEventAt', (select min(e.created_at) from stipend.outbox_events e where e.delivered_at is null),
    'pendingDeliveries', (select count(*) from stipend.webhook_deliveries d where d.status = 'pending'),
    'failedDeliveries', (select count(*) from stipend.webhook_deliveries d
      where d.status = 'failed' and d.created_at > clock_timestamp() - interval '7 days'),
    'disabledEndpoints', (select count(*) from stipend.webhook_endpoints e where not e.is_enabled and e.disabled_reason <> 'by_admin'),
    'pendingMessages', (select count(*) from stipend.message_deliveries m where m.status = 'pending'),
    'failedMessages', (select count(*) from stipend.message_deliveries m
      where m.status = 'failed' and m.created_at > clock_timestamp() - interval '7 days'),
    'movedSinceCheckpoint', (
      select count(*) from stipend.organization_credit_balances b
      where b.ledger_sequence > coalesce((select h.sequence from stipend.ledger_checkpoint_heads h
        where h.organization_id = b.organization_id order by h.checkpoint desc limit 1), 0)));
$$;

import type { Pool } from 'pg'
import { readAsOperator } from './reading.ts'

/** What waits to be done or told, by who does it. */
export const backlogQueues = [
  'outbox',
  'webhooks',
  'mail',
  'slack',
  'settle_intents',
  'stripe_events',
] as const
export type BacklogQueue = (typeof backlogQueues)[number]

export interface QueueBacklog {
  queue: BacklogQueue
  /** All that is not done, also what waits for its next try. */
  waiting: number
  /** For how long the one that has been due longest was due, in seconds; 0: nothing is due. */
  overdueSeconds: number
}

/** What stands open in the whole database at this moment. */
export interface Backlog {
  openHolds: number
  /** Open holds whose lease has run out: the sweeper's, or the organization's next call's to end. */
  dueHolds: number
  /** For how long the first of them has been due, in seconds; 0: none is. */
  dueHoldsSeconds: number
  queues: QueueBacklog[]
  /** Whichever worker ran them last. */
  jobs: { name: string; lastSuccessAt: Date | null }[]
}

/** Every part reads what is open by an index made for it; the balance rows are read in full, one an organization. */
const backlogText = `
  with now as materialized (select clock_timestamp() as at),
  holds as (
    select count(*) as due, min(r.expires_at) as since
    from stipend.organization_credit_balances b
    join stipend.credit_reservations r
      on hashtext(r.organization_id) = hashtext(b.organization_id) and r.organization_id = b.organization_id
      and r.status = 'open' and r.expires_at between b.holds_due_from and (select at from now)
    where b.open_holds > 0 and b.holds_due_from <= (select at from now)
  ),
  queues (queue, waiting, since) as (
    select 'outbox', count(*), min(e.created_at) from stipend.outbox_events e where e.delivered_at is null
    union all
    select 'webhooks', count(*), min(d.next_attempt_at)
    from stipend.webhook_deliveries d
    join stipend.webhook_endpoints e on e.organization_id = d.organization_id and e.id = d.endpoint_id
    where d.status = 'pending' and e.is_enabled
    union all
    select case m.channel when 'slack' then 'slack' else 'mail' end, count(*), min(m.next_attempt_at)
    from stipend.message_deliveries m where m.status = 'pending' group by 1
    union all
    select 'settle_intents', count(*), min(i.next_attempt_at) from stipend.settle_intents i
    union all
    select 'stripe_events', count(*), min(s.leased_until) from stipend.stripe_events s where s.outcome is null
  )
  select
    (select coalesce(sum(b.open_holds), 0) from stipend.organization_credit_balances b) as "openHolds",
    (select due from holds) as "dueHolds",
    (select extract(epoch from (select at from now) - since) from holds) as "dueHoldsSeconds",
    (select json_agg(json_build_object('queue', queue, 'waiting', waiting,
       'overdueSeconds', greatest(0, extract(epoch from (select at from now) - since)))) from queues) as queues,
    (select coalesce(json_agg(json_build_object('name', j.name, 'lastSuccessMs', 1000 * extract(epoch from j.last_success_at))),
       '[]') from stipend.job_runs j) as jobs`

interface BacklogRow {
  openHolds: string
  dueHolds: string
  dueHoldsSeconds: string | null
  queues: { queue: BacklogQueue; waiting: number; overdueSeconds: number | null }[]
  jobs: { name: string; lastSuccessMs: number | null }[]
}

/** Reads what is open, of all organizations together. @throws StipendError, after `timeoutMs` at the latest */
export async function readBacklog(pool: Pool, { timeoutMs }: { timeoutMs: number }): Promise<Backlog> {
  const [row] = await readAsOperator<BacklogRow>(pool, backlogText, [], { timeoutMs })
  const read = new Map(row?.queues.map((found) => [found.queue, found]))
  return {
    openHolds: Number(row?.openHolds ?? 0),
    dueHolds: Number(row?.dueHolds ?? 0),
    dueHoldsSeconds: Math.max(0, Number(row?.dueHoldsSeconds ?? 0)),
    jobs: (row?.jobs ?? []).map(({ name, lastSuccessMs }) => ({
      name,
      lastSuccessAt: lastSuccessMs === null ? null : new Date(lastSuccessMs),
    })),
    queues: backlogQueues.map((queue) => {
      const found = read.get(queue)
      return { queue, waiting: found?.waiting ?? 0, overdueSeconds: found?.overdueSeconds ?? 0 }
    }),
  }
}

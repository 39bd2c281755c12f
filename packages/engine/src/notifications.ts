import type { Pool } from 'pg'
import { queryRow, queryRows } from './database.ts'
import { invalid } from './errors.ts'
import type { StipendEvent } from './outbox.ts'
import { readAsOperator, readAsOrganization } from './reading.ts'
import { requireOrganization } from './transactions.ts'
import { requireInteger } from './validate.ts'

/** Whom an event is told to, beside the endpoints that subscribe to it. */
export interface EventChannels {
  inApp: boolean
  slack: boolean
  mail: boolean
}

/** A notice in the console. */
export interface Notification {
  id: string
  type: string
  payload: Readonly<Record<string, unknown>>
  createdAt: Date
  isRead: boolean
}

export interface NotificationPage {
  /** Newest first. */
  notifications: Notification[]
  /** At most 100; 0 for who does not want them. */
  unread: number
  nextCursor: string | null
}

export type MessageChannel = 'mail_round' | 'mail' | 'slack'

/** A mail, a post to Slack or a round of mails, to be sent within the minute by whoever was given it. */
export interface DueMessage {
  organizationId: string
  organizationName: string
  id: string
  lease: string
  channel: MessageChannel
  eventId: string
  type: string
  payload: Readonly<Record<string, unknown>>
  eventAt: Date
  /** Of a mail; else empty. */
  recipient: { type: string; id: string }
  /** Of a post, as it was stored; null: the channel was disconnected meanwhile. */
  slackUrl: string | null
}

/** `dropped`: nobody wants it any more. `failed` is tried again for a day. */
export type MessageOutcome = 'delivered' | 'dropped' | 'failed'

/** Which mails somebody can do without. */
export type MailPreference = 'low_balance' | 'depleted'

interface Person {
  organizationId: string
  actor: { type: string; id: string }
}

const mostUnread = 100

/** What organizations and their people are told. */
export class Notifications {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Adds all that an event causes, once, whatever comes of it afterwards. */
  async fanOut(event: StipendEvent, { inApp, slack, mail }: EventChannels): Promise<void> {
    await queryRow(
      this.#pool,
      `select stipend.fan_out_event($1::text, $2::text, $3::text, $4::jsonb, $5::timestamptz, $6::boolean, $7::boolean,
         $8::boolean)`,
      [
        event.organizationId,
        event.id,
        event.type,
        JSON.stringify(event.payload),
        event.createdAt,
        inApp,
        slack,
        mail,
      ],
    )
  }

  /** Notices of the last 30 days, as a person has read them. @throws StipendError organization_not_found, invalid_request */
  async list(
    person: Person,
    { limit = 50, cursor }: { limit?: number | undefined; cursor?: string | undefined } = {},
  ): Promise<NotificationPage> {
    const { organizationId, actor } = person
    if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) {
      throw invalid('cursor', 'must be the nextCursor of a page')
    }
    const rows = await readAsOrganization<Notification>(
      this.#pool,
      organizationId,
      `select n.id, n.type, n.payload, n.created_at as "createdAt", n.id <= coalesce(r.read_up_to, 0) as "isRead"
       from stipend.notifications n
       left join stipend.notification_reads r
         on r.organization_id = n.organization_id and r.actor_type = $2::text and r.actor_id = $3::text
       where n.organization_id = $1::text and ($4::bigint is null or n.id < $4::bigint)
       order by n.id desc limit $5::integer`,
      [organizationId, actor.type, actor.id, cursor ?? null, requireInteger('limit', limit, 1, 200) + 1],
    )
    if (rows.length === 0) await requireOrganization(this.#pool, organizationId)
    const notifications = rows.slice(0, limit)
    const last = notifications.at(-1)
    return {
      notifications,
      unread: await this.#unread(person),
      nextCursor: rows.length > limit && last !== undefined ? last.id : null,
    }
  }

  /** Marks those up to an id as read; how many are unread then. @throws StipendError organization_not_found */
  async markRead(person: Person, upTo: string): Promise<number> {
    const { organizationId, actor } = person
    if (!/^\d{1,18}$/.test(upTo)) throw invalid('upTo', 'must be the id of a notification')
    await requireOrganization(this.#pool, organizationId)
    await queryRow(
      this.#pool,
      'select stipend.mark_notifications_read($1::text, $2::text, $3::text, $4::bigint)',
      [organizationId, actor.type, actor.id, upTo],
    )
    return await this.#unread(person)
  }

  /** Up to `limit` that are due. */
  async claimDue(limit: number, channels: readonly MessageChannel[]): Promise<DueMessage[]> {
    type Row = Omit<DueMessage, 'recipient'> & { recipient_type: string; recipient_id: string }
    const rows = await queryRows<Row>(
      this.#pool,
      `select organization_id as "organizationId", organization_name as "organizationName", id, lease, channel,
         event_id as "eventId", type, payload, event_at as "eventAt", recipient_type, recipient_id,
         slack_url as "slackUrl"
       from stipend.claim_messages($1::integer, $2::text[])`,
      [limit, channels],
    )
    return rows.map(({ recipient_type: type, recipient_id: id, ...row }) => ({
      ...row,
      recipient: { type, id },
    }))
  }

  /** Writes down how it went; `error` is a kind, never the words of a failure. False: somebody else has taken it. */
  async finish(message: DueMessage, outcome: MessageOutcome, error: string | null = null): Promise<boolean> {
    const { is_ours } = await queryRow<{ is_ours: boolean }>(
      this.#pool,
      'select stipend.finish_message($1::text, $2::uuid, $3::uuid, $4::text, $5::text) as is_ours',
      [message.organizationId, message.id, message.lease, outcome, error],
    )
    return is_ours
  }

  /** Ends a round with a mail to each of `actors` who wants one; how many. null: somebody else has taken it. */
  async expandRound(
    round: DueMessage,
    actors: readonly { type: string; id: string }[],
    preference: MailPreference | null,
  ): Promise<number | null> {
    const { count } = await queryRow<{ count: number | null }>(
      this.#pool,
      'select stipend.expand_mail_round($1::text, $2::uuid, $3::uuid, $4::text, $5::text[], $6::text[]) as count',
      [
        round.organizationId,
        round.id,
        round.lease,
        preference,
        actors.map(({ type }) => type),
        actors.map(({ id }) => id),
      ],
    )
    return count
  }

  /** Adds digests of the last week that are due, at most 500; how many. */
  async addWeeklyDigests(): Promise<number> {
    const { count } = await queryRow<{ count: number }>(
      this.#pool,
      'select stipend.add_weekly_digests(500) as count',
    )
    return count
  }

  /** When the next webhook, or message of one of `channels`, is due; null: none waits. */
  async nextDueAt(channels: readonly MessageChannel[]): Promise<Date | null> {
    const [row] = await readAsOperator<{ at: Date | null }>(
      this.#pool,
      'select stipend.next_message_at($1::text[]) as at',
      [channels],
    )
    return row?.at ?? null
  }

  /** The address of an organization's Slack channel, as it was stored; null: not connected. */
  async slackUrl(organizationId: string): Promise<string | null> {
    const { url } = await queryRow<{ url: string | null }>(
      this.#pool,
      'select stipend.slack_url($1::text) as url',
      [organizationId],
    )
    return url
  }

  /** Keeps how a post by hand went; null: well. */
  async noteSlack(organizationId: string, error: string | null): Promise<void> {
    await queryRow(this.#pool, 'select stipend.note_slack($1::text, $2::text)', [organizationId, error])
  }

  async #unread({ organizationId, actor }: Person): Promise<number> {
    const [row] = await readAsOrganization<{ count: number }>(
      this.#pool,
      organizationId,
      `select count(*)::integer as count from (
         select from stipend.notifications n
         where n.organization_id = $1::text
           and n.id > coalesce((select r.read_up_to from stipend.notification_reads r
             where r.organization_id = $1::text and r.actor_type = $2::text and r.actor_id = $3::text), 0)
           and coalesce((select p.in_app from stipend.notification_preferences p
             where p.organization_id = $1::text and p.actor_type = $2::text and p.actor_id = $3::text), true)
         limit ${mostUnread}) x`,
      [organizationId, actor.type, actor.id],
    )
    return row?.count ?? 0
  }
}

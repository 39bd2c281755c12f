import type { Pool } from 'pg'
import { v7 as uuid } from 'uuid'
import { queryRow, queryRows } from './database.ts'
import { errorOf, invalid } from './errors.ts'
import { eventTypes, isEventType } from './event-types.ts'
import { readAsOrganization } from './reading.ts'
import { requireOrganization } from './transactions.ts'
import { isUuid, optionalText, requireInteger, requireText } from './validate.ts'

/** Where an organization's own program takes events. */
export interface WebhookEndpoint {
  id: string
  organizationId: string
  url: string
  description: string | null
  /** null: all but credits.consumption. */
  events: readonly string[] | null
  isEnabled: boolean
  /** `failing`: nothing but failures for five days; `gone`: it answered 410. */
  disabledReason: 'by_admin' | 'failing' | 'gone' | null
  disabledAt: Date | null
  /** The first failure after the last success. */
  failingSince: Date | null
  lastAttemptAt: Date | null
  lastSuccessAt: Date | null
  /** HTTP status of the last attempt; null: there was no answer, or no attempt. */
  lastStatus: number | null
  /** Kind of the last failure; null: it went well. */
  lastError: string | null
  /** While a secret is replaced: until when the one before signs too. */
  previousSecretExpiresAt: Date | null
  createdAt: Date
}

/** What an endpoint is set to. */
export interface WebhookEndpointInput {
  url: string
  description?: string | null | undefined
  /** Default null: all but credits.consumption. */
  events?: readonly string[] | null | undefined
}

/** What is left out stays. */
export interface WebhookEndpointChange extends Partial<WebhookEndpointInput> {
  isEnabled?: boolean | undefined
}

export interface WebhookAttempt {
  at: Date
  /** Of HTTP; null: there was no answer. */
  status: number | null
  /** Kind of failure, such as `status`, `timeout`, `address_refused`; null: delivered. */
  error: string | null
  ms: number
}

/** An event for an endpoint. */
export interface WebhookDelivery {
  id: string
  eventId: string
  type: string
  status: 'pending' | 'delivered' | 'failed'
  /** Oldest first, at most the last 20. */
  attempts: readonly WebhookAttempt[]
  /** null: it is not tried again by itself. */
  nextAttemptAt: Date | null
  createdAt: Date
}

export interface WebhookDeliveryPage {
  deliveries: WebhookDelivery[]
  nextCursor: string | null
}

/** A delivery to be made within the minute, by whoever was given it. */
export interface DueWebhookDelivery {
  organizationId: string
  id: string
  lease: string
  endpointId: string
  url: string
  /** As they were stored, the current one first. */
  secrets: readonly string[]
  eventId: string
  type: string
  payload: Readonly<Record<string, unknown>>
  eventAt: Date
}

interface EndpointKey {
  organizationId: string
  endpointId: string
}

const endpointColumns = `e.id, e.organization_id as "organizationId", e.url, e.description, e.events,
  e.is_enabled as "isEnabled", e.disabled_reason as "disabledReason", e.disabled_at as "disabledAt",
  e.failing_since as "failingSince", e.last_attempt_at as "lastAttemptAt", e.last_success_at as "lastSuccessAt",
  e.last_status as "lastStatus", e.last_error as "lastError", e.created_at as "createdAt",
  (select max(s.expires_at) from stipend.webhook_secrets s
   where s.organization_id = e.organization_id and s.endpoint_id = e.id and s.expires_at > clock_timestamp())
   as "previousSecretExpiresAt"`

const dueColumns = `organization_id as "organizationId", id, lease, endpoint_id as "endpointId", url, secrets,
  event_id as "eventId", type, payload, event_at as "eventAt"`

const deliveriesOf = `select d.id, d.event_id as "eventId", d.type, d.status, d.created_at as "createdAt",
    case when d.status = 'pending' then d.next_attempt_at end as "nextAttemptAt",
    (select coalesce(jsonb_agg(jsonb_build_object('at', a.attempted_at, 'status', a.status, 'error', a.error, 'ms', a.ms)
       order by a.number), '[]')
     from stipend.webhook_attempts a
     where a.organization_id = d.organization_id and a.delivery_id = d.id and a.number > d.attempts - 20) as attempts
  from stipend.webhook_deliveries d
  where d.organization_id = $1::text and d.endpoint_id = $2::uuid`

/** Endpoints of organizations, their deliveries, and the log of attempts. */
export class Webhooks {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Oldest first. @throws StipendError organization_not_found */
  async listEndpoints(organizationId: string): Promise<WebhookEndpoint[]> {
    const endpoints = await this.#endpoints(organizationId, null)
    if (endpoints.length === 0) await requireOrganization(this.#pool, organizationId)
    return endpoints
  }

  /** @throws StipendError not_found */
  async getEndpoint({ organizationId, endpointId }: EndpointKey): Promise<WebhookEndpoint> {
    const [endpoint] = isUuid(endpointId) ? await this.#endpoints(organizationId, endpointId) : []
    if (endpoint === undefined) throw noEndpoint(endpointId)
    return endpoint
  }

  /**
   * Adds one, at most 20 an organization. `secret`: what deliveries are signed with, `whsec_…` or sealed by the caller.
   * Where the URL leads to is for the caller to check. @throws StipendError invalid_request, organization_not_found
   */
  async createEndpoint(
    organizationId: string,
    input: WebhookEndpointInput & { secret: string },
  ): Promise<WebhookEndpoint> {
    const endpointId = uuid()
    await queryRow(
      this.#pool,
      'select stipend.create_webhook_endpoint($1::text, $2::uuid, $3::text, $4::text, $5::text, $6::text[])',
      [
        requireText('organizationId', organizationId),
        endpointId,
        requireText('secret', input.secret, 1_000),
        requireText('url', input.url, 2_000),
        optionalText('description', input.description),
        requireEvents(input.events ?? null),
      ],
    )
    return await this.getEndpoint({ organizationId, endpointId })
  }

  /** Changes what is given; enabling one makes what waits for it due. @throws StipendError invalid_request, not_found */
  async changeEndpoint(key: EndpointKey, changes: WebhookEndpointChange): Promise<WebhookEndpoint> {
    const { url, description, events, isEnabled } = changes
    await queryRow(
      this.#pool,
      `select stipend.change_webhook_endpoint($1::text, $2::uuid, $3::text, $4::boolean, $5::text, $6::boolean,
         $7::text[], $8::boolean)`,
      [
        requireText('organizationId', key.organizationId),
        requireEndpointId(key.endpointId),
        url === undefined ? null : requireText('url', url, 2_000),
        description !== undefined,
        optionalText('description', description),
        events !== undefined,
        requireEvents(events ?? null),
        isEnabled ?? null,
      ],
    )
    return await this.getEndpoint(key)
  }

  /** Removes one with its deliveries; whether there was one. */
  async deleteEndpoint({ organizationId, endpointId }: EndpointKey): Promise<boolean> {
    if (!isUuid(endpointId)) return false
    const { found } = await queryRow<{ found: boolean }>(
      this.#pool,
      'select stipend.delete_webhook_endpoint($1::text, $2::uuid) as found',
      [organizationId, endpointId],
    )
    return found
  }

  /** Replaces the secret; answers until when the one before signs too. @throws StipendError not_found */
  async rotateSecret(
    { organizationId, endpointId }: EndpointKey,
    { secret, overlapHours }: { secret: string; overlapHours: number },
  ): Promise<Date> {
    const { at } = await queryRow<{ at: Date }>(
      this.#pool,
      'select stipend.rotate_webhook_secret($1::text, $2::uuid, $3::text, make_interval(hours => $4::integer)) as at',
      [
        organizationId,
        requireEndpointId(endpointId),
        requireText('secret', secret, 1_000),
        requireInteger('overlapHours', overlapHours, 0, 24 * 7),
      ],
    )
    return at
  }

  /** Newest first. @throws StipendError not_found, invalid_request for a cursor that is none */
  async listDeliveries(
    key: EndpointKey,
    { limit = 50, cursor }: { limit?: number | undefined; cursor?: string | undefined } = {},
  ): Promise<WebhookDeliveryPage> {
    await this.getEndpoint(key)
    const after = cursor === undefined ? null : await this.#requireCursor(key, cursor)
    const rows = await this.#deliveries(
      key,
      `and ($3::uuid is null or (d.created_at, d.id) < (
         select x.created_at, x.id from stipend.webhook_deliveries x
         where x.organization_id = d.organization_id and x.id = $3::uuid))
       order by d.created_at desc, d.id desc limit $4::integer`,
      [after, requireInteger('limit', limit, 1, 200) + 1],
    )
    const deliveries = rows.slice(0, limit)
    const last = deliveries.at(-1)
    return { deliveries, nextCursor: rows.length > limit && last !== undefined ? last.id : null }
  }

  /** @throws StipendError not_found */
  async getDelivery(key: EndpointKey, deliveryId: string): Promise<WebhookDelivery> {
    const known = isUuid(key.endpointId) && isUuid(deliveryId)
    const [delivery] = known ? await this.#deliveries(key, 'and d.id = $3::uuid', [deliveryId]) : []
    if (delivery === undefined) throw errorOf('not_found', { message: 'No such delivery.', id: deliveryId })
    return delivery
  }

  /** Up to `limit` that are due, of an endpoint at most `perEndpoint` at a time whoever sends them. */
  claimDue(limit: number, perEndpoint: number): Promise<DueWebhookDelivery[]> {
    return queryRows<DueWebhookDelivery>(
      this.#pool,
      `select ${dueColumns} from stipend.claim_webhook_deliveries($1::integer, $2::integer)`,
      [limit, perEndpoint],
    )
  }

  /** One to be sent by hand, whatever became of it. @throws StipendError not_found, request_in_flight */
  async claimOne(
    { organizationId, endpointId }: EndpointKey,
    deliveryId: string,
  ): Promise<DueWebhookDelivery> {
    if (!isUuid(deliveryId)) throw errorOf('not_found', { message: 'No such delivery.', id: deliveryId })
    return await queryRow<DueWebhookDelivery>(
      this.#pool,
      `select ${dueColumns} from stipend.claim_webhook_delivery($1::text, $2::uuid, $3::uuid)`,
      [organizationId, requireEndpointId(endpointId), deliveryId],
    )
  }

  /** A delivery of webhook.test, to be sent once by hand. @throws StipendError not_found */
  async claimTest(key: EndpointKey): Promise<DueWebhookDelivery> {
    const { id } = await queryRow<{ id: string }>(
      this.#pool,
      'select stipend.add_webhook_test($1::text, $2::uuid) as id',
      [key.organizationId, requireEndpointId(key.endpointId)],
    )
    return await this.claimOne(key, id)
  }

  /** Writes an attempt down and what follows from it. False: the delivery has gone to somebody else. */
  async finishAttempt(delivery: DueWebhookDelivery, attempt: WebhookAttempt): Promise<boolean> {
    const { is_ours } = await queryRow<{ is_ours: boolean }>(
      this.#pool,
      `select stipend.finish_webhook_attempt($1::text, $2::uuid, $3::uuid, $4::timestamptz, $5::integer, $6::text,
         $7::integer) as is_ours`,
      [
        delivery.organizationId,
        delivery.id,
        delivery.lease,
        attempt.at,
        attempt.status,
        attempt.error,
        attempt.ms,
      ],
    )
    return is_ours
  }

  #endpoints(organizationId: string, endpointId: string | null): Promise<WebhookEndpoint[]> {
    return readAsOrganization<WebhookEndpoint>(
      this.#pool,
      organizationId,
      `select ${endpointColumns} from stipend.webhook_endpoints e
       where e.organization_id = $1::text and ($2::uuid is null or e.id = $2::uuid) order by e.created_at, e.id`,
      [organizationId, endpointId],
    )
  }

  async #deliveries(
    { organizationId, endpointId }: EndpointKey,
    condition: string,
    values: readonly unknown[],
  ): Promise<WebhookDelivery[]> {
    type Row = Omit<WebhookDelivery, 'attempts'> & {
      attempts: (Omit<WebhookAttempt, 'at'> & { at: string })[]
    }
    const rows = await readAsOrganization<Row>(this.#pool, organizationId, `${deliveriesOf} ${condition}`, [
      organizationId,
      endpointId,
      ...values,
    ])
    return rows.map((row) => ({
      ...row,
      attempts: row.attempts.map((attempt) => ({ ...attempt, at: new Date(attempt.at) })),
    }))
  }

  async #requireCursor(key: EndpointKey, cursor: string): Promise<string> {
    const [found] = isUuid(cursor) ? await this.#deliveries(key, 'and d.id = $3::uuid', [cursor]) : []
    if (found === undefined) throw invalid('cursor', 'must be the nextCursor of a page')
    return cursor
  }
}

function noEndpoint(id: string) {
  return errorOf('not_found', { message: 'No such endpoint.', id })
}

function requireEndpointId(id: string): string {
  if (!isUuid(id)) throw noEndpoint(id)
  return id
}

function requireEvents(events: readonly string[] | null): string[] | null {
  if (events === null) return null
  const unknown = events.find((type) => !isEventType(type))
  if (unknown !== undefined || events.length === 0 || events.length > 50) {
    throw invalid('events', `must be null for all, or name types such as ${eventTypes.join(', ')}`)
  }
  return [...new Set(events)]
}

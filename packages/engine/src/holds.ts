import type { Pool } from 'pg'
import { type Credits, credits } from './credits.ts'
import { errorOf, invalid } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { requireOrganization } from './transactions.ts'
import { isUuid, requireInteger, requireOneOf, requireText } from './validate.ts'

export const holdStatuses = ['open', 'settled', 'released', 'expired'] as const

/** A reservation as it stands. Amounts in hundredths of credits. */
export interface Hold {
  id: string
  status: (typeof holdStatuses)[number]
  capability: string
  quality: string
  /** Catalog key of the model that the host picked; null: the plan's list. */
  model: string | null
  estimatedCredits: Credits
  /** The most that settling can charge. */
  maximumCredits: Credits
  /** The model has been called: an expiry is charged. */
  isDispatched: boolean
  /** `type:id` of the key or person that made it over HTTP, to be ended there; null: a call of the server's own. */
  remoteBy: string | null
  /** Once it has ended. */
  creditsUsed: Credits | null
  /** Ledger row; null where nothing was charged. */
  sequence: number | null
  actor: { type: string; id: string } | null
  subject: { type: string; id: string } | null
  formId: string | null
  createdAt: Date
  leaseExpiresAt: Date
  endedAt: Date | null
}

export interface ListHoldsInput {
  organizationId: string
  /** Only the open ones. Default: all, as long as they are kept (90 days). */
  status?: 'open' | undefined
  /** 1 to 500, default 50. */
  limit?: number | undefined
  /** `nextCursor` of the page before. */
  cursor?: string | undefined
}

export interface HoldPage {
  /** Newest first. */
  holds: Hold[]
  nextCursor: string | null
}

interface HoldRow {
  id: string
  status: Hold['status']
  capability: string
  quality: string
  model: string | null
  estimated_credits: string
  maximum_credits: string
  is_dispatched: boolean
  remote_by: string | null
  charged_credits: string | null
  sequence: string | null
  actor_type: string | null
  actor_id: string | null
  subject_type: string | null
  subject_id: string | null
  form_id: string | null
  created_at: Date
  /** Rounded as reserving rounds it. */
  expires_at_ms: string
  ended_at: Date | null
}

const select = `
  select h.id, h.status, o.capability, o.quality, h.model, h.estimated_credits, h.maximum_credits, h.is_dispatched, h.remote_by,
    h.charged_credits, h.sequence, h.actor_type, h.actor_id, h.subject_type, h.subject_id, h.form_id, h.created_at,
    (extract(epoch from h.expires_at) * 1000)::bigint as expires_at_ms, h.ended_at
  from stipend.credit_reservations h
  join stipend.catalog_offers o on o.id = h.offer_id
  where h.organization_id = $1::text`

/** No open lease ends before holds_due_from, so the index on leases finds the open ones among those that ended. */
const isOpen = `
  and h.status = 'open' and hashtext(h.organization_id) = hashtext($1::text) and h.expires_at >= (
    select b.holds_due_from from stipend.organization_credit_balances b where b.organization_id = $1::text)`

/** One reservation. @throws NotFoundError also for another organization's. */
export async function getHold(pool: Pool, organizationId: string, reservationId: string): Promise<Hold> {
  requireText('organizationId', organizationId)
  const rows = isUuid(reservationId)
    ? await readAsOrganization<HoldRow>(pool, organizationId, `${select} and h.id = $2::uuid`, [
        organizationId,
        reservationId,
      ])
    : []
  const [row] = rows
  if (row === undefined) {
    throw errorOf('reservation_not_found', { reservationId: String(reservationId).slice(0, 100) })
  }
  return holdOf(row)
}

/** A page of reservations, newest first, by keyset on the id, which rises with time. */
export async function listHolds(pool: Pool, input: ListHoldsInput): Promise<HoldPage> {
  const { organizationId, status, cursor } = input
  const limit = requireInteger('limit', input.limit ?? 50, 1, 500)
  if (cursor !== undefined && !isUuid(cursor)) {
    throw invalid('cursor', 'must be the nextCursor of an earlier page')
  }
  if (status !== undefined) requireOneOf('status', status, ['open'])
  const rows = await readAsOrganization<HoldRow>(
    pool,
    organizationId,
    `${select}${status === 'open' ? isOpen : ''}
     and ($2::uuid is null or h.id < $2::uuid)
     order by h.id desc
     limit $3::integer`,
    [organizationId, cursor ?? null, limit + 1],
  )
  if (rows.length === 0) await requireOrganization(pool, organizationId)
  const holds = rows.slice(0, limit).map(holdOf)
  const last = holds.at(-1)
  return { holds, nextCursor: rows.length > limit && last !== undefined ? last.id : null }
}

function holdOf(row: HoldRow): Hold {
  return {
    id: row.id,
    status: row.status,
    capability: row.capability,
    quality: row.quality,
    model: row.model,
    estimatedCredits: credits(row.estimated_credits),
    maximumCredits: credits(row.maximum_credits),
    isDispatched: row.is_dispatched,
    remoteBy: row.remote_by,
    creditsUsed: row.charged_credits === null ? null : credits(row.charged_credits),
    sequence: row.sequence === null ? null : Number(row.sequence),
    actor: partyOf(row.actor_type, row.actor_id),
    subject: partyOf(row.subject_type, row.subject_id),
    formId: row.form_id,
    createdAt: row.created_at,
    leaseExpiresAt: new Date(Number(row.expires_at_ms)),
    endedAt: row.ended_at,
  }
}

function partyOf(type: string | null, id: string | null): { type: string; id: string } | null {
  return type === null || id === null ? null : { type, id }
}

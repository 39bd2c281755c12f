import type { Pool } from 'pg'
import { queryRow, queryRows } from './database.ts'
import { readAsOrganization } from './reading.ts'

/** Something that happened to an organization. Amounts in the payload are credits as decimals. */
export interface StipendEvent {
  /** The same at every delivery: an event can come twice. */
  id: string
  type: string
  organizationId: string
  payload: Readonly<Record<string, unknown>>
  createdAt: Date
}

/** Takes one event. The event is done when the promise resolves; rejected or after 30 s, it comes again. */
export type EventHandler = (event: StipendEvent, options: { signal: AbortSignal }) => Promise<void>

export interface DeliverEventsInput {
  onEvent: EventHandler
  /**
   * Also one credits.consumption for each charge, from when it is first asked for. Default: of organizations with a
   * webhook endpoint that asks for it.
   */
  withConsumption?: boolean | undefined
  /** A handler failed: the organization's events are tried again later. */
  onFailed?: ((event: StipendEvent, error: unknown) => void) | undefined
  /** How long a handler may take. Default 30 s, at most that: the lease on an organization is a minute. */
  timeoutMs?: number | undefined
  /** Stops after the event at hand. */
  signal?: AbortSignal | undefined
}

const organizationsAtOnce = 8
const eventsAtOnce = 100
const maxTimeoutMs = 30_000

interface Claim {
  organization_id: string
  lease: string
  /** null: its charges do not count as events. */
  consumption_sequence: string | null
}

/** An event with where it stands: a row of the outbox, or a row of the ledger. */
interface Pending {
  event: StipendEvent | null
  outboxId: string | null
  sequence: string | null
}

/** Delivers events, at least once and in each organization's order (charges, if asked for, after its other events). */
export class Outbox {
  readonly #pool: Pool
  /** The last organization of the batch before: the next batch goes on after it, so that nobody is left out. */
  #after = ''

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** A batch: up to 100 events each of up to 8 organizations. */
  async deliver(input: DeliverEventsInput): Promise<{ delivered: number; isDone: boolean }> {
    const after = this.#after
    const claims = await queryRows<Claim>(
      this.#pool,
      'select * from stipend.claim_outbox($1::integer, $2::text, $3::boolean)',
      [organizationsAtOnce, after, input.withConsumption ?? false],
    )
    const isRoundOver = claims.length < organizationsAtOnce
    this.#after = isRoundOver ? '' : (claims.at(-1)?.organization_id ?? '')
    const counts = await Promise.all(claims.map((claim) => deliverClaimed(this.#pool, claim, input)))
    return {
      delivered: counts.reduce((sum, count) => sum + count, 0),
      isDone: claims.length === 0 && after === '',
    }
  }
}

async function deliverClaimed(pool: Pool, claim: Claim, input: DeliverEventsInput): Promise<number> {
  let count = 0
  let failure: string | null = null
  const pending = [
    ...(await outboxEvents(pool, claim)),
    ...(claim.consumption_sequence === null ? [] : await consumptionEvents(pool, claim)),
  ]
  for (const { event, outboxId, sequence } of pending) {
    if (input.signal?.aborted === true) break
    if (event !== null) failure = await handle(event, input)
    if (failure !== null) break
    const isOurs = await finish(pool, claim, outboxId, sequence)
    if (!isOurs) return count
    if (event !== null) count += 1
  }
  await queryRow(pool, 'select stipend.release_outbox($1::text, $2::uuid, $3::text)', [
    claim.organization_id,
    claim.lease,
    failure,
  ])
  return count
}

/** null: taken; else the kind of failure. Its words may hold what nobody should store. */
async function handle(event: StipendEvent, input: DeliverEventsInput): Promise<string | null> {
  const signal = AbortSignal.timeout(Math.min(input.timeoutMs ?? maxTimeoutMs, maxTimeoutMs))
  const late = Promise.withResolvers<never>()
  const onAbort = () => late.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([input.onEvent(event, { signal }), late.promise])
    return null
  } catch (error) {
    input.onFailed?.(event, error)
    return error instanceof Error ? error.name : 'Error'
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function finish(
  pool: Pool,
  claim: Claim,
  outboxId: string | null,
  sequence: string | null,
): Promise<boolean> {
  const { is_ours } = await queryRow<{ is_ours: boolean }>(
    pool,
    'select stipend.finish_event($1::text, $2::uuid, $3::bigint, $4::bigint) as is_ours',
    [claim.organization_id, claim.lease, outboxId, sequence],
  )
  return is_ours
}

interface EventRow {
  id: string
  type: string
  payload: Record<string, unknown>
  created_at: Date
}

async function outboxEvents(pool: Pool, claim: Claim): Promise<Pending[]> {
  const rows = await readAsOrganization<EventRow>(
    pool,
    claim.organization_id,
    `select id, type, payload, created_at from stipend.outbox_events
     where organization_id = $1::text and delivered_at is null order by id limit $2::integer`,
    [claim.organization_id, eventsAtOnce],
  )
  return rows.map((row) => ({ event: eventOf(claim, row, 'event'), outboxId: row.id, sequence: null }))
}

/** Ledger rows after the cursor; those that are no charge are passed over. */
async function consumptionEvents(pool: Pool, claim: Claim): Promise<Pending[]> {
  const rows = await readAsOrganization<EventRow & { is_charge: boolean }>(
    pool,
    claim.organization_id,
    `select t.sequence as id, 'credits.consumption' as type, t.created_at, t.reservation_id is not null as is_charge,
       jsonb_build_object('sequence', t.sequence, 'reservationId', t.reservation_id, 'credits', t.covered_amount - t.amount,
         'balanceAfter', t.balance_after, 'capability', t.capability, 'quality', t.quality, 'model', t.model,
         'flags', t.flags) as payload
     from stipend.credit_transactions t
     where t.organization_id = $1::text and t.sequence > $2::bigint order by t.sequence limit $3::integer`,
    [claim.organization_id, claim.consumption_sequence ?? '0', eventsAtOnce],
  )
  return rows.map((row) => ({
    event: row.is_charge ? eventOf(claim, row, 'charge') : null,
    outboxId: null,
    sequence: row.id,
  }))
}

function eventOf(claim: Claim, row: EventRow, kind: 'event' | 'charge'): StipendEvent {
  const { organization_id: organizationId } = claim
  return {
    id: `${kind}:${organizationId}:${row.id}`,
    type: row.type,
    organizationId,
    payload: row.payload,
    createdAt: row.created_at,
  }
}

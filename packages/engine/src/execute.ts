import type { Pool } from 'pg'
import type { Credits } from './credits.ts'
import { queryRow } from './database.ts'
import { errorOf, StipendError } from './errors.ts'
import type { ModelUsage } from './prices.ts'
import type {
  Reservation,
  Reservations,
  ReserveInput,
  SettleFlag,
  SettleInput,
  Settlement,
} from './reservations.ts'

/** What a run is given: the admitted hold, the models to try in order, and a way to tell usage as it grows. */
export interface RunContext {
  reservation: Reservation
  models: Reservation['models']
  /** Usage so far: what is charged if nothing more is heard of this call. */
  report: (usage: ModelUsage) => void
}

/** What a run answers: its result and what it cost. */
export interface RunResult<Result> {
  result: Result
  usage?: ModelUsage | undefined
  actualCredits?: Credits | undefined
  flags?: readonly SettleFlag[] | undefined
  /** Kept in the ledger; must not hold prompts or answers. */
  metadata?: Readonly<Record<string, unknown>> | undefined
}

export interface ExecuteInput extends Omit<ReserveInput, 'leaseSeconds' | 'isDispatched'> {
  /** Keep the result 48 hours for replays of the idempotency key. Default true; it must be JSON. */
  keepsReply?: boolean | undefined
}

/** A metered call. Amounts in hundredths of credits. */
export interface ExecuteResult<Result> {
  result: Result
  creditsUsed: Credits
  creditsEstimated: Credits
  balanceRemaining: Credits
  model: string | null
  usage: ModelUsage | null
  reservationId: string
  quality: string
  /** The first answer of the idempotency key, charged once. */
  isReplay: boolean
  /** False: the database could not be told; creditsUsed is the estimate until the hold's lease ends. */
  isSettled: boolean
}

const leaseSeconds = 60
const extendEveryMs = 10_000
const settleAttempts = 5

/**
 * Reserve, run, settle, or release where the run fails before it reported usage. Two round trips to the
 * database; a lease of 60 s, renewed every 10 s with the usage so far.
 * @throws StipendError with the refusal; whatever `run` throws.
 */
export async function executeWithAIAccess<Result>(
  pool: Pool,
  reservations: Reservations,
  input: ExecuteInput,
  run: (context: RunContext) => Promise<RunResult<Result>>,
): Promise<ExecuteResult<Result>> {
  const { keepsReply = true, ...request } = input
  const reservation = await reservations.reserve({ ...request, leaseSeconds, isDispatched: true })
  if (reservation.isReplay) return await replay<Result>(pool, reservation)

  const { organizationId, id: reservationId } = reservation
  let reported: ModelUsage | undefined
  const timer = setInterval(() => {
    // A refused or failed extension changes nothing now: the hold stands until its lease ends.
    reservations.extend({ organizationId, reservationId, usage: reported }).catch(() => {})
  }, extendEveryMs)
  let answer: RunResult<Result>
  try {
    answer = await run({
      reservation,
      models: reservation.models,
      report: (usage) => {
        reported = usage
      },
    })
  } catch (error) {
    await end(reservations, organizationId, reservationId, reported)
    throw error
  } finally {
    clearInterval(timer)
  }
  const settlement = await settleSurely(reservations, reservation, {
    answer,
    keepsReply: keepsReply && input.idempotencyKey !== undefined,
  })
  return {
    result: answer.result,
    creditsUsed: settlement?.creditsUsed ?? reservation.estimatedCredits,
    creditsEstimated: reservation.estimatedCredits,
    balanceRemaining: settlement?.balanceRemaining ?? reservation.balance,
    model: answer.usage?.model ?? reservation.models[0]?.key ?? null,
    usage: answer.usage ?? null,
    reservationId,
    quality: reservation.quality,
    isReplay: false,
    isSettled: settlement !== null,
  }
}

interface StoredReply<Result> {
  result: Result
  model: string | null
  usage: ModelUsage | null
}

function storedReply<Result>(answer: RunResult<Result>): StoredReply<Result> {
  return { result: answer.result, model: answer.usage?.model ?? null, usage: answer.usage ?? null }
}

/** After a failed run: what was reported is charged as partial, else nothing is. The lease mends what fails here. */
async function end(
  reservations: Reservations,
  organizationId: string,
  reservationId: string,
  reported: ModelUsage | undefined,
): Promise<void> {
  try {
    if (reported === undefined) await reservations.release(organizationId, reservationId)
    else await reservations.settle({ organizationId, reservationId, usage: reported, flags: ['partial'] })
  } catch (error) {
    if (!(error instanceof StipendError)) throw error
  }
}

/**
 * The model has been paid and the answer is the user's, so nothing is thrown from here. A database that is away for a
 * moment is asked again; what it refuses to keep is left out; usage that cannot be priced is charged as estimated, for
 * review. null: not settled; when the lease ends, the hold is charged by the last usage reported.
 */
async function settleSurely<Result>(
  reservations: Reservations,
  reservation: Reservation,
  { answer, keepsReply }: { answer: RunResult<Result>; keepsReply: boolean },
): Promise<Settlement | null> {
  const { organizationId, id: reservationId, estimatedCredits } = reservation
  const { usage, actualCredits, flags = [] } = answer
  const hasCharge = usage !== undefined || actualCredits !== undefined
  let input: SettleInput = {
    organizationId,
    reservationId,
    usage,
    actualCredits: hasCharge ? actualCredits : estimatedCredits,
    flags: hasCharge ? flags : [...flags, 'estimated'],
    metadata: answer.metadata,
    reply: keepsReply ? storedReply(answer) : undefined,
  }
  for (let attempt = 1; attempt <= settleAttempts; attempt += 1) {
    try {
      return await reservations.settle(input)
    } catch (error) {
      if (!(error instanceof StipendError)) throw error
      if (error.code === 'invalid_request') {
        input = {
          organizationId,
          reservationId,
          actualCredits: estimatedCredits,
          flags: ['estimated', 'review'],
        }
      } else if (error.code === 'internal') {
        input = { ...input, metadata: undefined, reply: undefined }
      } else if (error.status !== 503) {
        return null
      }
    }
  }
  return null
}

async function replay<Result>(pool: Pool, reservation: Reservation): Promise<ExecuteResult<Result>> {
  const { reply } = await queryRow<{ reply: StoredReply<Result> | null }>(
    pool,
    'select stipend.get_reply($1::text, $2::uuid) as reply',
    [reservation.organizationId, reservation.id],
  )
  const creditsUsed = reservation.creditsUsed ?? (0 as Credits)
  if (reply === null) {
    throw errorOf('replay_expired', { reservationId: reservation.id, creditsUsed: creditsUsed / 100 })
  }
  return {
    result: reply.result,
    creditsUsed,
    creditsEstimated: reservation.estimatedCredits,
    balanceRemaining: reservation.balance,
    model: reply.model,
    usage: reply.usage,
    reservationId: reservation.id,
    quality: reservation.quality,
    isReplay: true,
    isSettled: true,
  }
}

import type { Credits } from './credits.ts'
import type { CallCharge } from './metered-call.ts'
import { MeteredCall, type MeteredCallDependencies } from './metered-call.ts'
import type { ModelUsage } from './prices.ts'
import type { Reservation, ReserveInput, SettleFlag } from './reservations.ts'

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
  /** False: the database could not be told yet; creditsUsed is the estimate until it is. */
  isSettled: boolean
}

interface StoredReply<Result> {
  result: Result
  model: string | null
  usage: ModelUsage | null
}

/**
 * Reserve, run, settle, or release where the run fails before it reported usage. Two round trips to the
 * database; a lease of 60 s, renewed every 10 s with the usage so far.
 * @throws StipendError with the refusal; whatever `run` throws.
 */
export async function executeWithAIAccess<Result>(
  dependencies: MeteredCallDependencies,
  input: ExecuteInput,
  run: (context: RunContext) => Promise<RunResult<Result>>,
): Promise<ExecuteResult<Result>> {
  const { keepsReply = true, ...request } = input
  const call = await MeteredCall.open(dependencies, request)
  const { reservation } = call
  if (reservation.isReplay) {
    const reply = await call.reply<StoredReply<Result>>()
    const creditsUsed = reservation.creditsUsed ?? (0 as Credits)
    return { ...reply, ...standing(reservation), creditsUsed, isReplay: true, isSettled: true }
  }
  const answer = await runOrEnd(call, run)
  const { result, usage, actualCredits, flags, metadata } = answer
  const reply: StoredReply<Result> = { result, model: usage?.model ?? null, usage: usage ?? null }
  const charge: CallCharge = {
    usages: usage === undefined ? [] : [usage],
    actualCredits,
    flags,
    metadata,
    reply: keepsReply ? reply : undefined,
  }
  const settlement = await call.settle(charge)
  return {
    ...reply,
    ...standing(reservation),
    creditsUsed: settlement?.creditsUsed ?? reservation.estimatedCredits,
    balanceRemaining: settlement?.balanceRemaining ?? reservation.balance,
    isReplay: false,
    isSettled: settlement !== null,
  }
}

function standing(reservation: Reservation) {
  return {
    creditsEstimated: reservation.estimatedCredits,
    balanceRemaining: reservation.balance,
    reservationId: reservation.id,
    quality: reservation.quality,
  }
}

/** Runs; after a failed run what was reported is charged as partial, else nothing is. */
async function runOrEnd<Result>(
  call: MeteredCall,
  run: (context: RunContext) => Promise<RunResult<Result>>,
): Promise<RunResult<Result>> {
  let reported: ModelUsage | undefined
  call.reportFrom(() => reported)
  try {
    return await run({
      reservation: call.reservation,
      models: call.reservation.models,
      report: (usage) => {
        reported = usage
      },
    })
  } catch (error) {
    if (reported === undefined) await call.release()
    else await call.settle({ usages: [reported], flags: ['partial'] })
    throw error
  }
}

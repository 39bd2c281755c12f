import { hash } from 'node:crypto'
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { type Credits, creditsToNumber } from '../credits.ts'
import { errorOf } from '../errors.ts'
import type { MeteredCall } from '../metered-call.ts'
import { type ModelUsage, sumOfUsages } from '../prices.ts'
import type { ReserveInput, SettleFlag } from '../reservations.ts'
import type { Attempt, Candidate } from './attempt.ts'
import { CallTrace } from './call-trace.ts'
import { countPromptTokens, tokensFor } from './count-tokens.ts'
import type { ActiveCall, MeteringCore, ModelUse } from './metering-core.ts'
import { type Receipt, receiptOf } from './receipt.ts'
import type { StoredAnswer } from './replay.ts'

/** One call of a metered model: a hold of its own. */
export interface Step {
  use: ModelUse
  call: MeteredCall
  number: number
  /** As held for: with room for any model of the catalog. */
  promptTokens: number
  /** As one model would count them. */
  promptTokensOf: (candidate: Candidate) => number
  /** As given to providers: within what the hold affords. */
  maxOutputTokens: number
  attempts: Attempt[]
  isSimulated: boolean
  trace: CallTrace
}

/** Reserves for the next step; its key is `key#n`. @throws StipendError with the refusal; nothing was called. */
export async function openStep(use: ModelUse, options: LanguageModelV4CallOptions): Promise<Step> {
  const { core } = use
  if (core.isClosing) throw closing()
  use.progress.steps += 1
  const number = use.progress.steps
  const { accepts: _, timeouts: __, idempotencyKey, parameters, ...reserve } = use.options
  const models = Object.values(core.opener.models).map(({ provider, modelId }) => `${provider}/${modelId}`)
  const counted = countPromptTokens(options)
  const promptTokens = tokensFor(counted, use.picked === undefined ? models : [use.picked])
  const isKeyed = idempotencyKey !== undefined
  const trace = new CallTrace({ ...reserve, step: number })
  const call = await trace
    .within(() =>
      opened(core, {
        ...reserve,
        model: use.picked,
        promptTokens,
        maxOutputTokens: options.maxOutputTokens,
        idempotencyKey: isKeyed ? `${idempotencyKey}#${number}` : undefined,
        parameters: isKeyed ? [parameters, comparable(options)] : undefined,
      }),
    )
    .catch((error: unknown) => {
      trace.threw(error)
      throw error
    })
  trace.admitted(call.reservation)
  const { maxOutputTokens } = call.reservation
  return {
    use,
    call,
    number,
    promptTokens,
    promptTokensOf: ({ modelId }) => tokensFor(counted, [modelId]),
    maxOutputTokens,
    attempts: [],
    isSimulated: false,
    trace,
  }
}

const closing = () => errorOf('overloaded', { message: 'The server is shutting down.', retryAfterMs: 1000 })

/** Reserves, known to a shutdown: one that begins meanwhile lets no model be called, and waits until the hold is gone. */
async function opened(core: MeteringCore, input: ReserveInput): Promise<MeteredCall> {
  const opening = core.opener.openCall(input).then(async (call) => {
    if (!core.isClosing || call.reservation.isReplay) return call
    await call.release()
    throw closing()
  })
  const active: ActiveCall = { interrupt: () => undefined, ended: opening.catch(() => undefined) }
  core.active.add(active)
  try {
    return await opening
  } finally {
    core.active.delete(active)
  }
}

/**
 * Digest of what makes two calls the same: files as base64, names sorted, since what a replay gave comes back in the next
 * step's prompt in the order in which the database keeps it.
 */
function comparable({ prompt, tools, toolChoice, responseFormat }: LanguageModelV4CallOptions): string {
  const text = JSON.stringify([prompt, tools, toolChoice, responseFormat], (_, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
  return hash('sha256', text)
}

export interface StepCharge {
  outcome: 'served' | 'failed' | 'partial'
  usages: readonly ModelUsage[]
  flags: readonly SettleFlag[]
  reply?: StoredAnswer | undefined
  /** `provider/model` at whose price it is charged. */
  model: string | null
}

/** Charges the step; its receipt. Never throws for the charge's sake. */
export async function settleStep(step: Step, charge: StepCharge): Promise<Receipt> {
  const { call, attempts, isSimulated, use } = step
  const flags: SettleFlag[] = [...(isSimulated ? (['simulated'] as const) : []), ...charge.flags]
  const metadata = {
    requested: attempts[0]?.requested ?? null,
    served: attempts.findLast(({ outcome }) => outcome === 'served' || outcome === 'partial')?.served ?? null,
    outcome: charge.outcome,
    step: step.number,
    promptTokens: step.promptTokens,
    maxOutputTokens: step.maxOutputTokens,
    attempts,
  }
  const settlement = await step.trace.within(() =>
    call.settle({ usages: charge.usages, flags, reply: charge.reply, metadata }),
  )
  const creditsUsed = settlement?.creditsUsed ?? call.reservation.estimatedCredits
  end(step, charge, creditsUsed)
  use.progress.totalCreditsUsed += creditsUsed
  return receiptOf(call.reservation, {
    creditsUsed,
    balanceRemaining: settlement?.balanceRemaining ?? call.reservation.balance,
    model: charge.model,
    usage: charge.usages.length === 0 ? null : sumOfUsages(charge.usages),
    attempts: attempts.length,
    isSimulated,
    isPartial: charge.outcome === 'partial',
    isReplay: false,
    isSettled: settlement !== null,
    step: step.number,
    totalCreditsUsed: use.progress.totalCreditsUsed as Credits,
  })
}

/** The receipt of a replayed step. */
export function replayedReceipt(step: Step, stored: StoredAnswer): Receipt {
  const { reservation } = step.call
  const creditsUsed = reservation.creditsUsed ?? (0 as Credits)
  step.trace.replayed()
  step.use.progress.totalCreditsUsed += creditsUsed
  return receiptOf(reservation, {
    creditsUsed,
    balanceRemaining: reservation.balance,
    model: stored.model,
    usage: stored.usage,
    attempts: stored.attempts,
    isSimulated: stored.isSimulated,
    isPartial: stored.isPartial,
    isReplay: true,
    isSettled: true,
    step: step.number,
    totalCreditsUsed: step.use.progress.totalCreditsUsed as Credits,
  })
}

/** No model gave a usable answer. */
export function failureError(step: Step, receipt: Receipt | null) {
  const { attempts } = step
  const isUnconfigured = attempts.every(({ outcome }) => outcome === 'not_configured')
  const because = isUnconfigured
    ? 'No provider is configured for the models of this plan'
    : 'No model provider gave a usable answer'
  const isFree = receipt === null || receipt.creditsUsed === 0
  const reservation = step.call.reservation
  return errorOf('provider_failed', {
    message: isFree
      ? `${because}; nothing was charged.`
      : `${because}; what the providers bill for it was charged. Try again with a new idempotency key.`,
    creditsUsed: receipt?.creditsUsed ?? 0,
    balanceRemaining: receipt?.balanceRemaining ?? creditsToNumber(reservation.balance),
    reservationId: reservation.id,
    replayed: receipt?.replayed ?? false,
    attempts: attempts.map(({ requested, outcome, status }) => ({ model: requested, outcome, status })),
  })
}

/** Tells of a step that has ended: to its trace, and to the host. */
function end(
  step: Step,
  { outcome, usages, reply }: Pick<StepCharge, 'outcome' | 'usages' | 'reply'>,
  creditsUsed: Credits,
): void {
  const { attempts, call, use, trace } = step
  trace.ended({
    outcome,
    attempts,
    usage: usages.length === 0 ? null : sumOfUsages(usages),
    finishReason: reply?.finishReason.unified,
    creditsUsed: creditsToNumber(creditsUsed),
  })
  const { organizationId, capability, quality, id: reservationId } = call.reservation
  const ms = Math.round(performance.now() - trace.startedAt)
  const { requestId } = trace
  const report = { requestId, organizationId, capability, quality, reservationId, outcome, ms, attempts }
  try {
    use.core.onCall(report)
    if (outcome !== 'served' || attempts.length > 1) use.core.onReport(report)
  } catch (error) {
    // The host's report must not cost the caller an answer that is paid.
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}

/** Ends a step that nothing is owed for. */
export async function releaseStep(step: Step): Promise<void> {
  await step.trace.within(() => step.call.release())
  end(step, { outcome: 'failed', usages: [] }, 0 as Credits)
}

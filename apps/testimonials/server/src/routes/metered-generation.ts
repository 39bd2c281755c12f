import {
  creditsToNumber,
  type Engine,
  type ErrorDetail,
  type ExecuteInput,
  type ExecuteResult,
  errorOf,
  hundredthsOfCredits,
  type RunContext,
  type RunResult,
  StipendError,
} from '@stipend/engine'
import { idempotencyKeyOf, organizationIdOf, type StipendEnv, setCreditHeaders } from '@stipend/server'
import type { Context } from 'hono'
import { countTokens } from '../models/count-tokens.ts'
import { type Attempt, type Generated, generate } from '../models/generate.ts'
import type { ModelRegistry } from '../models/registry.ts'
import { modelUsageOf } from '../models/usage.ts'
import type { Prompt, Quality } from '../prompts/prompt.ts'

/** What the routes need beside Stipend. */
export interface Generation {
  registry: ModelRegistry
  timeouts: { attemptMs: number; totalMs: number }
}

/** What a metered call stands on. */
export type Services = Pick<StipendEnv['Variables'], 'engine' | 'logger' | 'requestId'>

/** Who asks, for whom, and within which limits. */
export type Caller = Pick<
  ExecuteInput,
  'organizationId' | 'actor' | 'subject' | 'formId' | 'customerLimits' | 'idempotencyKey'
>

export interface MeteredCall<Answer> {
  capability: string
  quality: Quality | undefined
  prompt: Prompt<Answer>
  /** The request as validated: another one under the same Idempotency-Key is refused. */
  body: unknown
}

/** What is kept for replays: the answer, or that there was none although providers are to be paid. */
type Kept<Answer> =
  | { outcome: 'served'; answer: Answer; modelId: string; isSimulated: boolean }
  | { outcome: 'failed'; attempts: { model: string; outcome: string }[] }

/** Reserve, ask the plan's models, settle at the served model's price; the answer with its charge, as JSON fields. */
export async function meteredGeneration<Answer extends object>(
  c: Context<StipendEnv>,
  generation: Generation,
  call: MeteredCall<Answer>,
) {
  const { principal } = c.var
  const caller = {
    organizationId: organizationIdOf(c),
    actor: principal.actor,
    idempotencyKey: idempotencyKeyOf(c),
  }
  const { executed, answer } = await executeMetered(c.var, generation, { ...call, caller })
  setCreditHeaders(c, executed)
  return answer
}

/** {@link meteredGeneration} for any caller, and nothing of HTTP. */
export async function executeMetered<Answer extends object>(
  services: Services,
  generation: Generation,
  call: MeteredCall<Answer> & { caller: Caller },
) {
  const promptTokens = promptTokensOf(call.prompt)
  const executed = await services.engine.executeWithAIAccess<Kept<Answer>>(
    {
      ...call.caller,
      capability: call.capability,
      quality: call.quality,
      parameters: call.body,
      promptTokens,
      maxOutputTokens: call.prompt.maxOutputTokens,
    },
    (context) => run(services, generation, { ...call, promptTokens }, context),
  )
  const { result } = executed
  if (result.outcome === 'failed') throw chargedFailure(executed, result.attempts)
  return { executed, answer: { ...result.answer, ...chargeOf(executed, result) } }
}

/** Instructions, prompt and the shape, with room for how other tokenizers count. */
function promptTokensOf({ instructions, prompt, shape }: Prompt<unknown>): number {
  return Math.ceil(countTokens(`${instructions}\n${prompt}\n${JSON.stringify(shape)}`) * 1.25) + 50
}

async function run<Answer>(
  services: Services,
  { registry, timeouts }: Generation,
  call: MeteredCall<Answer> & { promptTokens: number },
  { models, reservation, report }: RunContext,
): Promise<RunResult<Kept<Answer>>> {
  const generated = await generate({
    prompt: call.prompt,
    quality: call.quality ?? 'fast',
    models,
    registry,
    timeouts,
    promptTokens: call.promptTokens,
    mayRetry: async ({ model, usage }) => {
      report(modelUsageOf(model, usage))
      return await raiseHold(services.engine, reservation)
    },
  })
  logAttempts(services, call.capability, generated)
  const { spent } = generated
  if (spent === null) throw freeFailure(generated.attempts)
  return {
    result:
      generated.outcome === 'served'
        ? {
            outcome: 'served',
            answer: generated.answer,
            modelId: spent.modelId,
            isSimulated: generated.isSimulated,
          }
        : { outcome: 'failed', attempts: generated.attempts.map(attemptOf) },
    usage: modelUsageOf(spent.model, spent.usage),
    flags: flagsOf(generated),
    metadata: {
      requested: models[0]?.modelId ?? null,
      served: generated.outcome === 'served' ? spent.modelId : null,
      outcome: generated.outcome,
      attempts: generated.attempts,
    },
  }
}

/** For the second try of a rejected reply: room for as much again. Refused, there is no second try. */
async function raiseHold(engine: Engine, reservation: RunContext['reservation']): Promise<boolean> {
  try {
    await engine.extendReservation({
      organizationId: reservation.organizationId,
      reservationId: reservation.id,
      estimatedCredits: hundredthsOfCredits(reservation.estimatedCredits * 2),
    })
    return true
  } catch (error) {
    if (error instanceof StipendError) return false
    throw error
  }
}

function flagsOf<Answer>({ outcome, spent, isSimulated }: Generated<Answer>) {
  return [
    ...(isSimulated ? (['simulated'] as const) : []),
    ...(spent?.usage.isEstimated === true ? (['estimated'] as const) : []),
    // Paid, and nothing to show for it.
    ...(outcome === 'failed' ? (['review'] as const) : []),
  ]
}

const attemptOf = ({ requested, outcome }: Attempt) => ({ model: requested, outcome })

function freeFailure(attempts: readonly Attempt[]): StipendError {
  const isUnconfigured = attempts.every(({ outcome }) => outcome === 'not_configured')
  const message = isUnconfigured
    ? 'No provider is configured for the models of this plan; nothing was charged.'
    : 'No model provider gave an answer; nothing was charged.'
  return errorOf('provider_failed', { message, creditsUsed: 0, attempts: attempts.map(attemptOf) })
}

function chargedFailure(executed: ExecuteResult<unknown>, attempts: readonly object[]): StipendError {
  const detail: ErrorDetail = {
    message:
      'The model providers gave no usable answer; what they bill for it was charged. Try again with a new Idempotency-Key.',
    creditsUsed: creditsToNumber(executed.creditsUsed),
    balanceRemaining: creditsToNumber(executed.balanceRemaining),
    reservationId: executed.reservationId,
    replayed: executed.isReplay,
    attempts,
  }
  return errorOf('provider_failed', detail)
}

function chargeOf(executed: ExecuteResult<unknown>, served: { modelId: string; isSimulated: boolean }) {
  const { usage } = executed
  return {
    simulated: served.isSimulated,
    model: served.modelId,
    quality: executed.quality,
    usage: {
      creditsUsed: creditsToNumber(executed.creditsUsed),
      creditsEstimated: creditsToNumber(executed.creditsEstimated),
      balanceRemaining: creditsToNumber(executed.balanceRemaining),
      inputTokens: usage?.inputTokens ?? 0,
      cachedInputTokens: usage?.cachedInputTokens ?? 0,
      outputTokens: usage?.outputTokens ?? 0,
      reasoningTokens: usage?.reasoningTokens ?? 0,
    },
    reservationId: executed.reservationId,
    replayed: executed.isReplay,
  }
}

/** For the operator: which provider failed how, without a word of the texts. */
function logAttempts<Answer>(
  { requestId, logger }: Services,
  capability: string,
  generated: Generated<Answer>,
): void {
  const isSmooth = generated.outcome === 'served' && generated.attempts.length === 1
  if (isSmooth) return
  logger?.error(
    { requestId, capability, outcome: generated.outcome, attempts: generated.attempts },
    'model attempts',
  )
}

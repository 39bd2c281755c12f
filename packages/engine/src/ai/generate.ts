import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { type ModelUsage, sumOfUsages } from '../prices.ts'
import type { SettleFlag } from '../reservations.ts'
import { isAccepted } from './accepted-answer.ts'
import { type Candidate, startAttempt } from './attempt.ts'
import { countOutputTokens, textOfContent } from './count-tokens.ts'
import type { ActiveCall, ModelUse } from './metering-core.ts'
import { type Failure, failureAfter } from './provider-failure.ts'
import type { ResolvedModel } from './providers.ts'
import { withReceipt } from './receipt.ts'
import { type StoredAnswer, sdkUsageOf } from './replay.ts'
import { failureError, openStep, releaseStep, replayedReceipt, type Step, settleStep } from './step.ts'
import { callSignal, within } from './timeouts.ts'
import { modelUsageOf, type TokenUsage, tokenUsageOf } from './token-usage.ts'
import { type Asked, type Walked, walk } from './walk.ts'

interface Answer {
  result: LanguageModelV4GenerateResult
  /** Of every try of this model, the served one last. */
  usages: ModelUsage[]
  isEstimated: boolean
}

/**
 * A call that is not streamed: reserve, walk the list, settle; the receipt is in the result's provider metadata.
 * @throws StipendError with the refusal or `provider_failed`; the reason where the caller aborted.
 */
export async function meteredGenerate(
  use: ModelUse,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4GenerateResult> {
  const step = await openStep(use, options)
  if (step.call.reservation.isReplay) return await replay(step)
  const interrupt = new AbortController()
  const { signal, end } = callSignal(use.timeouts.totalMs, [interrupt.signal, options.abortSignal])
  const work = walk(step, signal, (candidate, resolved) =>
    ask(step, options, { candidate, resolved, signal }),
  ).then((walked) => conclude(step, walked, options.abortSignal))
  const active: ActiveCall = {
    interrupt: (reason) => interrupt.abort(reason),
    ended: work.catch(() => undefined),
  }
  use.core.active.add(active)
  try {
    return await work
  } catch (error) {
    // A fault of ours or of the host's providers: the hold must not outlive it. Ended already, this changes nothing.
    await step.trace.within(() => step.call.release())
    step.trace.threw(error)
    throw error
  } finally {
    end()
    use.core.active.delete(active)
  }
}

async function conclude(
  step: Step,
  walked: Walked<Answer>,
  abortSignal: AbortSignal | undefined,
): Promise<LanguageModelV4GenerateResult> {
  if (walked.failure !== null) return await fail(step, walked.failure, walked.usages, abortSignal)
  const { value, candidate, usages: earlier } = walked
  const { result } = value
  const flags: SettleFlag[] = value.isEstimated ? ['estimated'] : []
  const receipt = await settleStep(step, {
    outcome: 'served',
    usages: [...earlier, ...value.usages],
    flags,
    model: candidate.modelId,
    reply: storedAnswer(step, result, candidate, sumOfUsages([...earlier, ...value.usages])),
  })
  return { ...result, providerMetadata: withReceipt(result.providerMetadata, receipt) }
}

function storedAnswer(
  step: Step,
  { content, finishReason, structuredOutputText }: LanguageModelV4GenerateResult,
  candidate: Candidate,
  usage: ModelUsage,
): StoredAnswer {
  return {
    content,
    finishReason,
    ...(structuredOutputText === undefined ? {} : { structuredOutputText }),
    model: candidate.modelId,
    usage,
    isSimulated: step.isSimulated,
    isPartial: false,
    attempts: step.attempts.length,
  }
}

/** Charges what the failed calls cost their providers, if anything, and throws. */
export async function fail(
  step: Step,
  { kind }: Failure,
  usages: readonly ModelUsage[],
  abortSignal: AbortSignal | undefined,
): Promise<never> {
  const reason = abortSignal?.aborted === true ? (abortSignal.reason as unknown) : null
  if (usages.length === 0) {
    await releaseStep(step)
    throw reason ?? failureError(step, null)
  }
  const flag: SettleFlag = kind === 'rejected_reply' ? 'rejected' : 'ambiguous'
  const receipt = await settleStep(step, {
    outcome: 'failed',
    usages,
    flags: reason === null ? [flag, 'review'] : ['partial', 'estimated'],
    model: null,
    reply: {
      content: [],
      finishReason: { unified: 'error', raw: undefined },
      model: null,
      usage: sumOfUsages(usages),
      isSimulated: step.isSimulated,
      isPartial: true,
      attempts: step.attempts.length,
      failure: step.attempts.map(({ requested, outcome }) => ({ model: requested, outcome })),
    },
  })
  throw reason ?? failureError(step, receipt)
}

interface Asking {
  candidate: Candidate
  resolved: ResolvedModel
  signal: AbortSignal
}

/** One model, once more where its answer is not accepted and the hold could be raised. */
async function ask(step: Step, options: LanguageModelV4CallOptions, asking: Asking): Promise<Asked<Answer>> {
  const usages: ModelUsage[] = []
  for (let attempt = 1; ; attempt += 1) {
    const called = await callOnce(step, options, asking)
    if (called.failure !== null) return { failure: called.failure, usages }
    usages.push(modelUsageOf(asking.candidate.key, called.usage))
    if (called.isAccepted) {
      return {
        failure: null,
        value: { result: called.result, usages, isEstimated: called.usage.isEstimated },
      }
    }
    const rejected: Asked<Answer> = { failure: { kind: 'rejected_reply', status: null }, usages }
    if (attempt === 2 || asking.signal.aborted) return rejected
    step.call.reportFrom(() => usages[0])
    if (!(await step.call.raise())) return rejected
  }
}

type Called =
  | { failure: Failure }
  | { failure: null; result: LanguageModelV4GenerateResult; usage: TokenUsage; isAccepted: boolean }

async function callOnce(
  step: Step,
  options: LanguageModelV4CallOptions,
  { candidate, resolved, signal }: Asking,
): Promise<Called> {
  const { use, attempts, maxOutputTokens } = step
  const attempt = startAttempt(step.trace, candidate, resolved.provider)
  const { signal: limit, end } = callSignal(use.timeouts.attemptMs, [signal])
  try {
    const asked = attempt.within(() =>
      resolved.model.doGenerate({ ...options, maxOutputTokens, abortSignal: limit }),
    )
    // A provider that does not listen to the signal must not keep the caller.
    const result = await within(asked, use.timeouts.attemptMs + 50, signal)
    const outputTokens = countedOutput(result, candidate)
    const usage = tokenUsageOf(result.usage, { inputTokens: step.promptTokensOf(candidate), outputTokens })
    const accepted = isAccepted(options, result, use.options.accepts)
    const served = result.response?.modelId ?? null
    attempts.push(attempt.end(accepted ? 'served' : 'rejected_reply', { served, usage }))
    return { failure: null, result, usage, isAccepted: accepted }
  } catch (error) {
    const failure = failureAfter(error, { limit, callers: options.abortSignal })
    attempts.push(attempt.end(failure.kind, { status: failure.status }))
    return { failure }
  } finally {
    end()
  }
}

function countedOutput({ usage, content }: LanguageModelV4GenerateResult, { modelId }: Candidate): number {
  return usage.outputTokens.total === undefined ? countOutputTokens(textOfContent(content), modelId) : 0
}

async function replay(step: Step): Promise<LanguageModelV4GenerateResult> {
  const stored = await step.call.reply<StoredAnswer>()
  const receipt = replayedReceipt(step, stored)
  if (stored.failure !== undefined) throw failureError(step, receipt)
  const { content, finishReason, structuredOutputText } = stored
  return {
    content,
    finishReason,
    ...(structuredOutputText === undefined ? {} : { structuredOutputText }),
    usage: sdkUsageOf(stored.usage),
    warnings: [],
    providerMetadata: withReceipt(undefined, receipt),
  }
}

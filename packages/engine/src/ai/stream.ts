import type {
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { errorOf } from '../errors.ts'
import { type ModelUsage, sumOfUsages } from '../prices.ts'
import type { SettleFlag } from '../reservations.ts'
import { countOutputTokens } from './count-tokens.ts'
import { fail } from './generate.ts'
import type { ActiveCall, ModelUse } from './metering-core.ts'
import { stopsWhenAborted } from './providers.ts'
import { type Receipt, withReceipt } from './receipt.ts'
import { ContentCollector, partsOf, type StoredAnswer, sdkUsageOf } from './replay.ts'
import { failureError, openStep, replayedReceipt, type Step, settleStep } from './step.ts'
import { isCutOff, type StartedStream, startStream } from './stream-start.ts'
import { callSignal, within } from './timeouts.ts'
import { modelUsageOf, tokenUsageOf } from './token-usage.ts'
import { walk } from './walk.ts'

type Part = LanguageModelV4StreamPart
type FinishPart = Extract<Part, { type: 'finish' }>

/**
 * A streamed call: reserve, walk the list until a model begins to answer, pass its parts on, settle before the last
 * one, which has the receipt in its provider metadata. A caller who leaves pays for what was produced.
 * @throws StipendError with the refusal or `provider_failed`; the reason where the caller aborted before the first words.
 */
export async function meteredStream(
  use: ModelUse,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4StreamResult> {
  const step = await openStep(use, options)
  if (step.call.reservation.isReplay) return { stream: await replay(step) }
  const { abortSignal } = options
  const interrupt = new AbortController()
  const { signal, end } = callSignal(use.timeouts.totalMs, [interrupt.signal, abortSignal])
  const ended = Promise.withResolvers<void>()
  const active: ActiveCall = { interrupt: (reason) => interrupt.abort(reason), ended: ended.promise }
  use.core.active.add(active)
  const forget = () => {
    end()
    use.core.active.delete(active)
    ended.resolve()
  }
  try {
    const walked = await walk(step, signal, (candidate, resolved) =>
      startStream(step, options, { candidate, resolved, signal }),
    )
    if (walked.failure !== null) return await fail(step, walked.failure, walked.usages, abortSignal)
    const metered = new MeteredStream(step, walked.value, walked.usages)
    void metered.ended.then(forget)
    metered.listen(signal, abortSignal)
    return { stream: metered.stream(), ...walked.value.told }
  } catch (error) {
    forget()
    throw error
  }
}

/** Passes a provider's stream on and settles once, however it ends. */
class MeteredStream {
  readonly #step: Step
  readonly #started: StartedStream
  readonly #earlier: readonly ModelUsage[]
  readonly #collector = new ContentCollector()
  readonly #ended = Promise.withResolvers<void>()
  #isEnding = false
  #controller: ReadableStreamDefaultController<Part> | undefined
  #idle: NodeJS.Timeout | undefined
  #unlisten: () => void = () => undefined
  #served: string | null = null

  constructor(step: Step, started: StartedStream, earlier: readonly ModelUsage[]) {
    this.#step = step
    this.#started = started
    this.#earlier = earlier
    step.call.reportFrom(() => this.#usageSoFar())
  }

  /** Resolves when it is settled. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  stream(): ReadableStream<Part> {
    return new ReadableStream<Part>(
      {
        start: (controller) => {
          this.#controller = controller
          this.#restartIdle()
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#leave(),
      },
      { highWaterMark: 0 },
    )
  }

  /** Ends with the caller, the total timeout or the server. */
  listen(signal: AbortSignal, callers: AbortSignal | undefined): void {
    const onAbort = () => {
      const isCallers = callers?.aborted === true
      const reason: unknown = signal.reason
      if (isCallers) void this.#leave().then(() => this.#fault(reason))
      else void this.#breakOff()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#unlisten = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  }

  async #pull(controller: ReadableStreamDefaultController<Part>): Promise<void> {
    clearTimeout(this.#idle)
    try {
      const part = await this.#next()
      if (this.#isEnding) return
      if (part === null || part.type === 'error' || isCutOff(part)) await this.#breakOff()
      else if (part.type === 'finish') await this.#finish(part, controller)
      else controller.enqueue(this.#note(part))
    } catch {
      await this.#breakOff()
    }
    this.#restartIdle()
  }

  /** The next part for the caller; null: the provider's stream ended without one. */
  async #next(): Promise<Part | null> {
    const { lead, reader, early, passesRawOn } = this.#started
    for (;;) {
      let part = lead.shift()
      if (part === undefined) {
        const { done, value } = await within(reader.read(), this.#step.use.timeouts.chunkMs)
        if (done) return null
        part = value
        if (part.type === 'raw') early.add(part.rawValue)
      }
      if (part.type !== 'raw' || passesRawOn) return part
    }
  }

  #note(part: Part): Part {
    if (part.type === 'response-metadata') this.#served = part.modelId ?? this.#served
    this.#collector.add(part)
    return part
  }

  /** A reader that just breaks tells nobody. */
  #restartIdle(): void {
    if (this.#isEnding) return
    this.#idle = setTimeout(() => void this.#leave(), this.#step.use.timeouts.idleReaderMs)
    this.#idle.unref()
  }

  async #finish(part: FinishPart, controller: ReadableStreamDefaultController<Part>): Promise<void> {
    if (!this.#begin()) return
    const receipt = await this.#settle('served', part)
    controller.enqueue({ ...part, providerMetadata: withReceipt(part.providerMetadata, receipt) })
    controller.close()
    this.#ended.resolve()
  }

  /** The provider, the time limit or the server broke it off: what was passed on is charged, and said to be partial. */
  async #breakOff(): Promise<void> {
    if (!this.#begin()) return
    this.#cut()
    const receipt = await this.#settle('partial', null)
    const { model, creditsUsed, balanceRemaining, reservationId } = receipt
    const error = errorOf('provider_failed', {
      message: 'The answer broke off; what was produced until then was charged.',
      creditsUsed,
      balanceRemaining,
      reservationId,
      attempts: this.#step.attempts.map(({ requested, outcome }) => ({ model: requested, outcome })),
      model,
    })
    this.#controller?.enqueue({ type: 'error', error })
    this.#controller?.enqueue({
      type: 'finish',
      finishReason: { unified: 'error', raw: undefined },
      usage: sdkUsageOf(this.#usageSoFar()),
      providerMetadata: withReceipt(undefined, receipt),
    })
    this.#controller?.close()
    this.#ended.resolve()
  }

  /** The caller left: the provider is told to stop, or read to its end where it would bill that anyway. */
  async #leave(): Promise<void> {
    if (!this.#begin()) return
    const isStopped = stopsWhenAborted(this.#started.resolved)
    const finish = isStopped ? null : await this.#drain()
    this.#cut()
    await this.#settle('partial', finish)
    this.#ended.resolve()
  }

  /** Reads on without a reader; the end, or null where that takes too long. */
  async #drain(): Promise<FinishPart | null> {
    const deadline = performance.now() + this.#step.use.timeouts.drainMs
    try {
      for (;;) {
        const { done, value } = await within(
          this.#started.reader.read(),
          Math.max(1, deadline - performance.now()),
        )
        if (done || value.type === 'error') return null
        if (value.type === 'raw') this.#started.early.add(value.rawValue)
        if (value.type === 'finish') return isCutOff(value) ? null : value
        this.#note(value)
      }
    } catch {
      return null
    }
  }

  /** False where it ends already. */
  #begin(): boolean {
    if (this.#isEnding) return false
    this.#isEnding = true
    clearTimeout(this.#idle)
    this.#unlisten()
    return true
  }

  #cut(): void {
    this.#started.upstream.abort()
    this.#started.reader.cancel().catch(() => undefined)
  }

  #fault(reason: unknown): void {
    try {
      this.#controller?.error(reason)
    } catch {
      // Closed by its reader already.
    }
  }

  /** Tokens so far: as told early, else as counted. */
  #counted() {
    const { early, candidate } = this.#started
    const outputTokens = countOutputTokens(this.#collector.written, candidate.modelId)
    return early.orCounted({ inputTokens: this.#step.promptTokens, outputTokens })
  }

  #usageSoFar(): ModelUsage {
    return { model: this.#started.candidate.key, ...this.#counted() }
  }

  async #settle(outcome: 'served' | 'partial', finish: FinishPart | null): Promise<Receipt> {
    const { candidate, attempt } = this.#started
    const isTold =
      finish?.usage.inputTokens.total !== undefined && finish.usage.outputTokens.total !== undefined
    const counted = isTold ? { inputTokens: 0, outputTokens: 0 } : this.#counted()
    const usage = tokenUsageOf(finish?.usage, counted)
    this.#step.attempts.push(attempt(outcome, { served: this.#served, usage }))
    this.#collector.close()
    const flags: SettleFlag[] = []
    if (outcome === 'partial') flags.push('partial')
    if (usage.isEstimated) flags.push('estimated')
    const modelUsage = modelUsageOf(candidate.key, usage)
    return await settleStep(this.#step, {
      outcome,
      usages: [...this.#earlier, modelUsage],
      flags,
      model: candidate.modelId,
      reply: this.#storedAnswer(outcome, finish, sumOfUsages([...this.#earlier, modelUsage])),
    })
  }

  #storedAnswer(outcome: 'served' | 'partial', finish: FinishPart | null, usage: ModelUsage): StoredAnswer {
    return {
      content: this.#collector.content,
      finishReason: finish?.finishReason ?? { unified: 'interrupted', raw: undefined },
      model: this.#started.candidate.modelId,
      usage,
      isSimulated: this.#step.isSimulated,
      isPartial: outcome === 'partial',
      attempts: this.#step.attempts.length,
    }
  }
}

async function replay(step: Step): Promise<ReadableStream<Part>> {
  const stored = await step.call.reply<StoredAnswer>()
  const receipt = replayedReceipt(step, stored)
  if (stored.failure !== undefined) throw failureError(step, receipt)
  return ReadableStream.from<Part>(
    (function* () {
      yield { type: 'stream-start', warnings: [] } as const
      yield* partsOf(stored.content)
      const { finishReason } = stored
      const providerMetadata = withReceipt(undefined, receipt)
      yield { type: 'finish', usage: sdkUsageOf(stored.usage), finishReason, providerMetadata } as const
    })(),
  )
}

import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { errorOf } from '../errors.ts'
import { type ModelUsage, sumOfUsages } from '../prices.ts'
import type { SettleFlag } from '../reservations.ts'
import { countOutputTokens } from './count-tokens.ts'
import { stopsWhenAborted } from './providers.ts'
import { type Receipt, withReceipt } from './receipt.ts'
import { ContentCollector, type StoredAnswer, sdkUsageOf } from './replay.ts'
import { type Step, settleStep } from './step.ts'
import { isCutOff, type Reading, type StartedStream } from './stream-start.ts'
import { within } from './timeouts.ts'
import { modelUsageOf, type TokenUsage, tokenUsageOf } from './token-usage.ts'

type Part = LanguageModelV4StreamPart
type FinishPart = Extract<Part, { type: 'finish' }>

/** What has come and was not read is taken in before the provider is told to stop: it was produced, and is billed. */
const takeInMs = 100
const takeInGapMs = 20

/** Passes a provider's stream on and settles once, however it ends. */
export class MeteredStream {
  readonly #step: Step
  readonly #started: StartedStream
  readonly #earlier: readonly ModelUsage[]
  readonly #collector = new ContentCollector()
  readonly #ended = Promise.withResolvers<void>()
  /** One at a time: whoever waits for it, its part is noted as it comes. */
  #reading: Reading | null = null
  #isEnding = false
  #controller: ReadableStreamDefaultController<Part> | undefined
  #idle: NodeJS.Timeout | undefined
  #unlisten: () => void = () => undefined
  #served: string | null = null
  /** Told by the provider, with its usage. */
  #finished: FinishPart | null = null

  constructor(step: Step, started: StartedStream, earlier: readonly ModelUsage[]) {
    this.#step = step
    this.#started = started
    this.#earlier = earlier
    for (const part of started.lead) this.#note(part)
    if (started.reading !== null) this.#reading = this.#noted(started.reading)
    step.call.reportFrom(() => modelUsageOf(started.candidate.key, this.#usage(null)))
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

  /** Ends with the caller, the total timeout or the server. To be called once the stream is there. */
  listen(signal: AbortSignal, callers: AbortSignal | undefined): void {
    const onAbort = () => {
      if (callers?.aborted === true) {
        void this.#leave()
        this.#fault(signal.reason)
      } else void this.#breakOff(true)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#unlisten = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  }

  async #pull(controller: ReadableStreamDefaultController<Part>): Promise<void> {
    clearTimeout(this.#idle)
    let part: Part | null
    try {
      part = await this.#next()
    } catch {
      part = null
    }
    if (this.#isEnding) return
    if (part === null || part.type === 'error' || isCutOff(part)) await this.#breakOff()
    else if (part.type === 'finish') await this.#finish(part)
    else controller.enqueue(part)
    this.#restartIdle()
  }

  /** The next part for the caller; null: the provider's stream ended without one. */
  async #next(): Promise<Part | null> {
    const { lead, passesRawOn } = this.#started
    for (;;) {
      const part = lead.shift() ?? (await within(this.#read(), this.#step.use.timeouts.chunkMs)).value
      if (part === undefined) return null
      if (part.type !== 'raw' || passesRawOn) return part
    }
  }

  #read(): Reading {
    this.#reading ??= this.#noted(this.#started.reader.read())
    return this.#reading
  }

  #noted(reading: Reading): Reading {
    return reading.then((result) => {
      this.#reading = null
      if (!result.done) this.#note(result.value)
      return result
    })
  }

  #note(part: Part): void {
    if (part.type === 'raw') this.#started.early.add(part.rawValue)
    if (part.type === 'response-metadata') this.#served = part.modelId ?? this.#served
    if (part.type === 'finish' && !isCutOff(part)) this.#finished = part
    this.#collector.add(part)
  }

  /** A reader that just breaks tells nobody. */
  #restartIdle(): void {
    if (this.#isEnding) return
    this.#idle = setTimeout(() => void this.#leave(), this.#step.use.timeouts.idleReaderMs)
    this.#idle.unref()
  }

  #finish(part: FinishPart): Promise<void> {
    return this.#end(async () => {
      const receipt = await this.#settle('served', part)
      this.#controller?.enqueue({ ...part, providerMetadata: withReceipt(part.providerMetadata, receipt) })
      this.#controller?.close()
    })
  }

  /**
   * The provider broke it off, or the time limit or the server (`isOurs`): what was produced is charged, and said to be
   * partial.
   */
  #breakOff(isOurs = false): Promise<void> {
    return this.#end(async () => {
      if (isOurs) await this.#drain(takeInMs, takeInGapMs)
      this.#cut()
      const receipt = await this.#settle('partial', isOurs ? this.#finished : null)
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
        usage: sdkUsageOf(
          modelUsageOf(this.#started.candidate.key, this.#usage(isOurs ? this.#finished : null)),
        ),
        providerMetadata: withReceipt(undefined, receipt),
      })
      this.#controller?.close()
    })
  }

  /** The caller left: the provider is told to stop, or read to its end where it would bill that anyway. */
  #leave(): Promise<void> {
    return this.#end(async () => {
      const { drainMs } = this.#step.use.timeouts
      await (stopsWhenAborted(this.#started.resolved)
        ? this.#drain(takeInMs, takeInGapMs)
        : this.#drain(drainMs, drainMs))
      this.#cut()
      await this.#settle('partial', this.#finished)
    })
  }

  /** Reads on without a reader, to the end or until that takes too long. */
  async #drain(totalMs: number, gapMs: number): Promise<void> {
    const deadline = performance.now() + totalMs
    try {
      while (this.#finished === null) {
        const remaining = deadline - performance.now()
        if (remaining <= 0) return
        const { done, value } = await within(this.#read(), Math.min(gapMs, remaining))
        if (done || value.type === 'error') return
      }
    } catch {
      // What came until then is what is known.
    }
  }

  /** Does the work of an end, once, whatever its outcome; a fault of ours goes to the reader. Over when it is settled. */
  async #end(work: () => Promise<void>): Promise<void> {
    if (this.#isEnding) return await this.ended
    this.#isEnding = true
    clearTimeout(this.#idle)
    this.#unlisten()
    try {
      await work()
    } catch (error) {
      this.#fault(error)
    } finally {
      this.#ended.resolve()
    }
  }

  #cut(): void {
    this.#started.upstream.abort()
    this.#started.reader.cancel().catch(() => undefined)
    this.#reading?.catch(() => undefined)
  }

  #fault(reason: unknown): void {
    try {
      this.#controller?.error(reason)
    } catch {
      // Closed by its reader already.
    }
  }

  /** As its end told it; else as told early; else as counted. */
  #usage(finish: FinishPart | null): TokenUsage {
    const { early, candidate } = this.#started
    const { total: input } = finish?.usage.inputTokens ?? {}
    const { total: output } = finish?.usage.outputTokens ?? {}
    const isTold = input !== undefined && output !== undefined && input + output > 0
    const written = isTold ? '' : this.#collector.written
    const counted = {
      inputTokens: this.#step.promptTokensOf(candidate),
      outputTokens: countOutputTokens(written, candidate.modelId),
    }
    return tokenUsageOf(finish?.usage, early.orCounted(counted))
  }

  async #settle(outcome: 'served' | 'partial', finish: FinishPart | null): Promise<Receipt> {
    const { candidate, attempt } = this.#started
    const usage = this.#usage(finish)
    this.#step.attempts.push(attempt.end(outcome, { served: this.#served, usage }))
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

import type {
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { type Candidate, type RunningAttempt, startAttempt } from './attempt.ts'
import { EarlyUsage } from './early-usage.ts'
import { type Failure, failureAfter, failureOf } from './provider-failure.ts'
import { type ResolvedModel, stopsWhenAborted } from './providers.ts'
import type { Step } from './step.ts'
import { within } from './timeouts.ts'
import { modelUsageOf } from './token-usage.ts'
import type { Asked } from './walk.ts'

/** A provider's stream that has begun to say something. */
export interface StartedStream {
  /** What was read already, in order. */
  lead: LanguageModelV4StreamPart[]
  reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>
  /** Asked for and not yet come. */
  reading: Reading | null
  upstream: AbortController
  early: EarlyUsage
  candidate: Candidate
  resolved: ResolvedModel
  /** Notes how it ended. */
  attempt: RunningAttempt
  passesRawOn: boolean
  told: Pick<LanguageModelV4StreamResult, 'request' | 'response'>
}

export type Reading = ReturnType<ReadableStreamDefaultReader<LanguageModelV4StreamPart>['read']>

/** Parts after which the words begin. */
const preliminary: ReadonlySet<LanguageModelV4StreamPart['type']> = new Set([
  'stream-start',
  'response-metadata',
  'raw',
  'ping',
  'text-start',
  'custom',
])

/**
 * Calls one model and reads until its first words. Until then another model can take its place unnoticed; what fails
 * here has produced nothing. Where the caller leaves meanwhile and the provider bills on, the stream counts as begun:
 * it is to be read to its end.
 */
export async function startStream(
  step: Step,
  options: LanguageModelV4CallOptions,
  { candidate, resolved, signal }: { candidate: Candidate; resolved: ResolvedModel; signal: AbortSignal },
): Promise<Asked<StartedStream>> {
  const attempt = startAttempt(step.trace, candidate, resolved.provider)
  const upstream = new AbortController()
  const hasLeft = () => options.abortSignal?.aborted === true && !stopsWhenAborted(resolved)
  const abort = () => {
    if (!hasLeft()) upstream.abort(signal.reason)
  }
  signal.addEventListener('abort', abort, { once: true })
  const early = new EarlyUsage()
  const failed = (failure: Failure): Asked<StartedStream> => {
    upstream.abort()
    step.attempts.push(attempt.end(failure.kind, { status: failure.status }))
    return {
      failure,
      usages: [],
      told: early.isTold ? modelUsageOf(candidate.key, early.orCounted(nothing)) : null,
    }
  }
  const lead: LanguageModelV4StreamPart[] = []
  const passesRawOn = options.includeRawChunks === true
  const begun = { lead, upstream, early, candidate, resolved, attempt, passesRawOn }
  let asked: PromiseLike<LanguageModelV4StreamResult> | undefined
  let reader: StartedStream['reader'] | undefined
  let reading: Reading | null = null
  try {
    const deadline = performance.now() + step.use.timeouts.firstChunkMs
    const remaining = () => Math.max(1, deadline - performance.now())
    const includeRawChunks = passesRawOn || EarlyUsage.isToldBy(resolved.model.provider)
    const { maxOutputTokens } = step
    const given = { ...options, maxOutputTokens, includeRawChunks, abortSignal: upstream.signal }
    asked = attempt.within(() => resolved.model.doStream(given))
    const { stream, ...told } = await within(asked, remaining(), signal)
    reader = stream.getReader()
    for (;;) {
      reading = reader.read()
      const { done, value: part } = await within(reading, remaining(), signal)
      reading = null
      if (done) return failed({ kind: 'lost_connection', status: null })
      if (part.type === 'error') return failed(failureOf(part.error))
      if (part.type === 'raw') {
        early.add(part.rawValue)
        // The SDK's Google provider passes over error events.
        const error = errorIn(part.rawValue)
        if (error !== undefined) return failed(failureOf(error))
      }
      if (isCutOff(part)) return failed({ kind: 'lost_connection', status: null })
      lead.push(part)
      if (preliminary.has(part.type)) continue
      return { failure: null, value: { ...begun, reader, reading, told } }
    }
  } catch (error) {
    if (asked !== undefined && hasLeft()) {
      const value = { ...begun, reader: reader ?? later(asked).getReader(), reading, told: {} }
      return { failure: null, value }
    }
    if (reader === undefined) asked?.then(({ stream }) => stream.cancel()).then(undefined, () => undefined)
    return failed(failureAfter(error, { limit: signal, callers: options.abortSignal }))
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * The end of a stream that its provider never ended. Where no reason came, some SDK providers say `interrupted`, some
 * `other` without anything of the provider's.
 */
export function isCutOff(part: LanguageModelV4StreamPart): boolean {
  if (part.type !== 'finish') return false
  const { unified, raw } = part.finishReason
  return unified === 'interrupted' || (unified === 'other' && raw === undefined)
}

/** The stream of an answer whose headers have not come. */
function later(asked: PromiseLike<LanguageModelV4StreamResult>): ReadableStream<LanguageModelV4StreamPart> {
  return ReadableStream.from<LanguageModelV4StreamPart>(
    (async function* () {
      const { stream } = await asked
      yield* stream
    })(),
  )
}

const nothing = { inputTokens: 0, outputTokens: 0 }

function errorIn(rawEvent: unknown): unknown {
  return typeof rawEvent === 'object' && rawEvent !== null ? Reflect.get(rawEvent, 'error') : undefined
}

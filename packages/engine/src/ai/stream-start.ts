import type {
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import type { ModelUsage } from '../prices.ts'
import { attemptOf, type Candidate } from './attempt.ts'
import { EarlyUsage } from './early-usage.ts'
import { type Failure, failureAfter, failureOf } from './provider-failure.ts'
import type { ResolvedModel } from './providers.ts'
import type { Step } from './step.ts'
import { within } from './timeouts.ts'
import type { Asked } from './walk.ts'

/** A provider's stream that has begun to say something. */
export interface StartedStream {
  /** What was read already, in order. */
  lead: LanguageModelV4StreamPart[]
  reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>
  upstream: AbortController
  early: EarlyUsage
  candidate: Candidate
  resolved: ResolvedModel
  /** Notes how it ended. */
  attempt: ReturnType<typeof attemptOf>
  passesRawOn: boolean
  told: Pick<LanguageModelV4StreamResult, 'request' | 'response'>
}

/** Parts after which the words begin. */
const preliminary: ReadonlySet<LanguageModelV4StreamPart['type']> = new Set([
  'stream-start',
  'response-metadata',
  'raw',
  'ping',
])

/**
 * Calls one model and reads until its first words. Until then another model can take its place unnoticed; what fails
 * here has produced nothing.
 */
export async function startStream(
  step: Step,
  options: LanguageModelV4CallOptions,
  { candidate, resolved, signal }: { candidate: Candidate; resolved: ResolvedModel; signal: AbortSignal },
): Promise<Asked<StartedStream>> {
  const attempt = attemptOf(candidate, resolved.provider)
  const upstream = new AbortController()
  const abort = () => upstream.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  const early = new EarlyUsage()
  const failed = (failure: Failure): Asked<StartedStream> => {
    upstream.abort()
    step.attempts.push(attempt(failure.kind, { status: failure.status }))
    return { failure, usages: usagesOf(candidate, early) }
  }
  try {
    const deadline = performance.now() + step.use.timeouts.firstChunkMs
    const remaining = () => Math.max(1, deadline - performance.now())
    const includeRawChunks = options.includeRawChunks === true || EarlyUsage.isToldBy(resolved.model.provider)
    const asked = resolved.model.doStream({
      ...options,
      maxOutputTokens: step.maxOutputTokens,
      includeRawChunks,
      abortSignal: upstream.signal,
    })
    const { stream, ...told } = await within(asked, remaining(), signal)
    const reader = stream.getReader()
    const lead: LanguageModelV4StreamPart[] = []
    for (;;) {
      const { done, value: part } = await within(reader.read(), remaining(), signal)
      if (done) return failed({ kind: 'lost_connection', status: null })
      if (part.type === 'error') return failed(failureOf(part.error))
      if (part.type === 'raw') early.add(part.rawValue)
      if (isCutOff(part)) return failed({ kind: 'lost_connection', status: null })
      lead.push(part)
      if (preliminary.has(part.type)) continue
      const passesRawOn = options.includeRawChunks === true
      const value = { lead, reader, upstream, early, candidate, resolved, attempt, passesRawOn, told }
      return { failure: null, value }
    }
  } catch (error) {
    return failed(failureAfter(error, { limit: signal, callers: options.abortSignal }))
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The end of a stream that its provider never ended. */
export function isCutOff(part: LanguageModelV4StreamPart): boolean {
  return part.type === 'finish' && part.finishReason.unified === 'interrupted'
}

/** What the provider told before it failed; nothing told is nothing known. */
function usagesOf({ key }: Candidate, { inputTokens, outputTokens }: EarlyUsage): ModelUsage[] {
  if (inputTokens === undefined) return []
  return [{ model: key, inputTokens, outputTokens: outputTokens ?? 0 }]
}

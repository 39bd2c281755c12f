import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { ModelUsage } from '../prices.ts'
import { currentRequestId } from '../request-id.ts'
import type { Reservation } from '../reservations.ts'
import { noteFailure, requestAttributes, tracer } from '../tracing.ts'
import type { Attempt, Candidate } from './attempt.ts'

/** What is asked of a model here: all calls are of the kind that the GenAI conventions name so. */
const operation = 'chat'

/** The conventions' names where they differ from the catalog's prefixes. */
const providerNames: Readonly<Record<string, string>> = { google: 'gcp.gemini' }

/** How a call ended, for its span. */
export interface CallEnd {
  outcome: 'served' | 'failed' | 'partial'
  attempts: readonly Attempt[]
  usage: ModelUsage | null
  finishReason: string | undefined
  /** Credits. */
  creditsUsed: number
}

/**
 * The span of one metered model call after OpenTelemetry's conventions for generative AI, with a child for each model
 * that was asked, for the reserve and the settle. Names, counts and ids; no prompts, no answers.
 */
export class CallTrace {
  /** Of the request that the call is made for. */
  readonly requestId = currentRequestId()
  readonly startedAt = performance.now()
  readonly #span: Span
  readonly #context: Context
  #isEnded = false

  constructor(call: { organizationId: string; capability: string; step: number }) {
    const { organizationId, capability, step } = call
    const attributes = {
      'gen_ai.operation.name': operation,
      'stipend.organization.id': organizationId,
      'stipend.capability': capability,
      'stipend.step': step,
      ...requestAttributes(),
    }
    this.#span = tracer.startSpan(operation, { kind: SpanKind.CLIENT, attributes })
    this.#context = trace.setSpan(context.active(), this.#span)
  }

  /** Runs `work` so that spans which it starts are children of this one, wherever it is called from. */
  within<Result>(work: () => Result): Result {
    return context.with(this.#context, work)
  }

  admitted({ id, quality, models, estimatedCredits, maxOutputTokens }: Reservation): void {
    const [first] = models
    if (first !== undefined) this.#span.updateName(`${operation} ${namesOf(first).model}`)
    this.#span.setAttributes({
      ...(first === undefined ? {} : requested(first)),
      'gen_ai.request.max_tokens': maxOutputTokens,
      'stipend.quality': quality,
      'stipend.reservation.id': id,
      'stipend.credits.estimated': estimatedCredits / 100,
    })
  }

  /** The first answer of its idempotency key, told again: no model is called. */
  replayed(): void {
    this.#span.setAttribute('stipend.replayed', true)
    this.#end()
  }

  ended({ outcome, attempts, usage, finishReason, creditsUsed }: CallEnd): void {
    const last = attempts.at(-1)
    this.#span.setAttributes({
      'stipend.outcome': outcome,
      'stipend.attempts': attempts.length,
      'stipend.credits.used': creditsUsed,
      ...(last?.provider == null ? {} : { 'gen_ai.provider.name': conventional(last.provider) }),
      ...(last?.served == null ? {} : { 'gen_ai.response.model': last.served }),
      ...(finishReason === undefined ? {} : { 'gen_ai.response.finish_reasons': [finishReason] }),
      ...(usage === null ? {} : usageAttributes(usage)),
    })
    if (outcome === 'failed') {
      this.#span.setAttribute('error.type', last?.outcome ?? 'internal')
      this.#span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.#end()
  }

  /** Refused before a model was called, or a fault of ours. Ended already, this changes nothing. */
  threw(error: unknown): void {
    if (this.#isEnded) return
    noteFailure(this.#span, error)
    this.#end()
  }

  /** The child for one model that is asked. */
  startAttempt(candidate: Candidate): AttemptTrace {
    const { model } = namesOf(candidate)
    const span = tracer.startSpan(`attempt ${model}`, { attributes: requested(candidate) }, this.#context)
    return new AttemptTrace(span, trace.setSpan(this.#context, span))
  }

  #end(): void {
    if (!this.#isEnded) this.#span.end()
    this.#isEnded = true
  }
}

/** One model that is asked. */
export class AttemptTrace {
  readonly #span: Span
  readonly #context: Context

  constructor(span: Span, spanContext: Context) {
    this.#span = span
    this.#context = spanContext
  }

  within<Result>(work: () => Result): Result {
    return context.with(this.#context, work)
  }

  ended({ provider, outcome, served, status }: Attempt): void {
    this.#span.setAttributes({
      'stipend.attempt.outcome': outcome,
      ...(provider === null ? {} : { 'stipend.provider': provider }),
      ...(served === null ? {} : { 'gen_ai.response.model': served }),
      ...(status === null ? {} : { 'http.response.status_code': status }),
    })
    if (outcome !== 'served' && outcome !== 'partial') {
      this.#span.setAttribute('error.type', outcome).setStatus({ code: SpanStatusCode.ERROR })
    }
    this.#span.end()
  }
}

/** `openai/gpt-…` as its provider and model. */
function namesOf({ modelId }: Pick<Candidate, 'modelId'>): { provider: string; model: string } {
  const slash = modelId.indexOf('/')
  const prefix = modelId.slice(0, Math.max(slash, 0))
  return { provider: conventional(prefix), model: modelId.slice(slash + 1) }
}

function conventional(provider: string): string {
  return providerNames[provider] ?? provider
}

function requested(candidate: Pick<Candidate, 'modelId'>): Attributes {
  const { provider, model } = namesOf(candidate)
  return { 'gen_ai.provider.name': provider, 'gen_ai.request.model': model }
}

/** Input includes what was cached, output what was reasoned, there as here. */
function usageAttributes(usage: ModelUsage): Attributes {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage
  return {
    'gen_ai.usage.input_tokens': inputTokens,
    'gen_ai.usage.output_tokens': outputTokens,
    ...(cachedInputTokens === undefined ? {} : { 'gen_ai.usage.cache_read.input_tokens': cachedInputTokens }),
    ...(cacheWriteTokens === undefined
      ? {}
      : { 'gen_ai.usage.cache_creation.input_tokens': cacheWriteTokens }),
    ...(reasoningTokens === undefined ? {} : { 'gen_ai.usage.reasoning.output_tokens': reasoningTokens }),
  }
}

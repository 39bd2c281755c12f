import type { CallTrace } from './call-trace.ts'
import type { FailureKind } from './provider-failure.ts'
import type { TokenUsage } from './token-usage.ts'

/** One call of one model, for the ledger and the receipt: no texts. */
export interface Attempt {
  /** Catalog key and `provider/model` that was asked for. */
  model: string
  requested: string
  /** Who answered, such as `openai` or `demo`; null where nobody is configured. */
  provider: string | null
  /** What the provider says that it served. */
  served: string | null
  outcome: 'served' | 'partial' | FailureKind
  /** HTTP status of the provider, where it failed with one. */
  status: number | null
  inputTokens: number | null
  outputTokens: number | null
  ms: number
}

/** A model to be asked. */
export interface Candidate {
  /** Catalog key. */
  key: string
  /** `provider/model`. */
  modelId: string
}

/** One call of one model that is under way. */
export interface RunningAttempt {
  /** Runs what asks the model, as part of this attempt in a trace. */
  within<Result>(ask: () => Result): Result
  /** Notes how it ended. To be called once. */
  end(
    outcome: Attempt['outcome'],
    told?: { status?: number | null; served?: string | null; usage?: TokenUsage | null },
  ): Attempt
}

/** Notes one call from its beginning. */
export function startAttempt(
  trace: CallTrace,
  candidate: Candidate,
  provider: string | null,
): RunningAttempt {
  const startedAt = performance.now()
  const span = trace.startAttempt(candidate)
  return {
    within: (ask) => span.within(ask),
    end: (outcome, told = {}) => {
      const attempt: Attempt = {
        model: candidate.key,
        requested: candidate.modelId,
        provider,
        served: told.served ?? null,
        outcome,
        status: told.status ?? null,
        inputTokens: told.usage?.inputTokens ?? null,
        outputTokens: told.usage?.outputTokens ?? null,
        ms: Math.round(performance.now() - startedAt),
      }
      span.ended(attempt)
      return attempt
    },
  }
}

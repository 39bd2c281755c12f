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

/** Notes one call from its beginning. */
export function attemptOf({ key, modelId }: Candidate, provider: string | null) {
  const startedAt = performance.now()
  return (
    outcome: Attempt['outcome'],
    told: { status?: number | null; served?: string | null; usage?: TokenUsage | null } = {},
  ): Attempt => ({
    model: key,
    requested: modelId,
    provider,
    served: told.served ?? null,
    outcome,
    status: told.status ?? null,
    inputTokens: told.usage?.inputTokens ?? null,
    outputTokens: told.usage?.outputTokens ?? null,
    ms: Math.round(performance.now() - startedAt),
  })
}

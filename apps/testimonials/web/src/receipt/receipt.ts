import type { Transaction } from '../api/api.generated.ts'

/** One model that was asked. */
export interface ReceiptAttempt {
  /** `provider/model` that was asked for. */
  requested: string
  /** What the provider says that it served. */
  served: string | null
  outcome: string
  status: number | null
  ms: number | null
  inputTokens: number | null
  outputTokens: number | null
  /** Part of the charge; else it cost nothing. */
  isCharged: boolean
}

export interface ReceiptTokens {
  input: number
  /** Part of the input. */
  cached: number
  output: number
  /** Part of the output. */
  reasoning: number
}

export interface ReceiptFacts {
  attempts: readonly ReceiptAttempt[]
  /** null: the provider told none. */
  tokens: ReceiptTokens | null
}

/** What a ledger row says of its call. What wrote the row may have been an older version: nothing is taken for granted. */
export function factsOf({ providerMetadata }: Transaction): ReceiptFacts {
  const usage = objectIn(providerMetadata?.['usage'])
  const attempts = providerMetadata?.['attempts']
  return {
    attempts: Array.isArray(attempts) ? attempts.map(attemptOf).filter((attempt) => attempt !== null) : [],
    tokens:
      usage === null
        ? null
        : {
            input: numberIn(usage['inputTokens']) ?? 0,
            cached: numberIn(usage['cachedInputTokens']) ?? 0,
            output: numberIn(usage['outputTokens']) ?? 0,
            reasoning: numberIn(usage['reasoningTokens']) ?? 0,
          },
  }
}

function attemptOf(value: unknown): ReceiptAttempt | null {
  const attempt = objectIn(value)
  const requested = textIn(attempt?.['requested'])
  if (attempt === null || requested === null) return null
  const outcome = textIn(attempt['outcome']) ?? 'unknown'
  const outputTokens = numberIn(attempt['outputTokens'])
  const told = attempt['isCharged']
  return {
    requested,
    served: textIn(attempt['served']),
    outcome,
    status: numberIn(attempt['status']),
    ms: numberIn(attempt['ms']),
    inputTokens: numberIn(attempt['inputTokens']),
    outputTokens,
    isCharged:
      typeof told === 'boolean'
        ? told
        : outcome === 'served' ||
          outcome === 'partial' ||
          (outcome === 'rejected_reply' && outputTokens !== null),
  }
}

function objectIn(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
const textIn = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
const numberIn = (value: unknown) => (typeof value === 'number' ? value : null)

import type { ModelUsage } from '@stipend/engine'
import type { LanguageModelUsage } from 'ai'

/** Tokens of one or more calls; input includes cached and cache-write, output includes reasoning. */
export interface TokenUsage {
  inputTokens: number
  cachedInputTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
  /** The provider told none: counted here. */
  isEstimated: boolean
}

/** What the provider told, made consistent; what it did not tell is what was counted. An explicit zero is zero. */
export function tokenUsageOf(
  told: LanguageModelUsage | undefined,
  counted: { inputTokens: number; outputTokens: number },
): TokenUsage {
  const inputTokens = whole(told?.inputTokens)
  const outputTokens = whole(told?.outputTokens)
  const input = inputTokens ?? counted.inputTokens
  const output = outputTokens ?? counted.outputTokens
  const cached = Math.min(whole(told?.inputTokenDetails.cacheReadTokens) ?? 0, input)
  return {
    inputTokens: input,
    cachedInputTokens: cached,
    cacheWriteTokens: Math.min(whole(told?.inputTokenDetails.cacheWriteTokens) ?? 0, input - cached),
    outputTokens: output,
    reasoningTokens: Math.min(whole(told?.outputTokenDetails.reasoningTokens) ?? 0, output),
    isEstimated: inputTokens === undefined || outputTokens === undefined,
  }
}

function whole(tokens: number | undefined): number | undefined {
  return tokens === undefined || !Number.isFinite(tokens) ? undefined : Math.max(0, Math.round(tokens))
}

/** Tokens of two calls together. */
export function addUsage(a: TokenUsage | null, b: TokenUsage): TokenUsage {
  if (a === null) return b
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    isEstimated: a.isEstimated || b.isEstimated,
  }
}

/** For settling at the price of a model of the catalog. */
export function modelUsageOf(model: string, usage: TokenUsage): ModelUsage {
  const { isEstimated: _, ...tokens } = usage
  return { model, ...tokens }
}

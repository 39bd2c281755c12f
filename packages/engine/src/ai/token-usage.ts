import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import type { ModelUsage } from '../prices.ts'

/** Tokens of one call; input includes cached and cache-write, output includes reasoning. */
export interface TokenUsage {
  inputTokens: number
  cachedInputTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
  /** The provider did not tell all of it: counted here. */
  isEstimated: boolean
}

/** What was counted here, in place of what a provider does not tell. */
export interface CountedTokens {
  inputTokens: number
  outputTokens: number
}

/** What the provider told, made consistent; what it did not tell is what was counted. An explicit zero is zero. */
export function tokenUsageOf(told: LanguageModelV4Usage | undefined, counted: CountedTokens): TokenUsage {
  const inputTokens = whole(told?.inputTokens.total)
  const outputTokens = whole(told?.outputTokens.total)
  const input = inputTokens ?? counted.inputTokens
  const output = outputTokens ?? counted.outputTokens
  const cached = Math.min(whole(told?.inputTokens.cacheRead) ?? 0, input)
  return {
    inputTokens: input,
    cachedInputTokens: cached,
    cacheWriteTokens: Math.min(whole(told?.inputTokens.cacheWrite) ?? 0, input - cached),
    outputTokens: output,
    reasoningTokens: Math.min(whole(told?.outputTokens.reasoning) ?? 0, output),
    isEstimated: inputTokens === undefined || outputTokens === undefined,
  }
}

function whole(tokens: number | undefined): number | undefined {
  return tokens === undefined || !Number.isFinite(tokens) ? undefined : Math.max(0, Math.round(tokens))
}

/** For settling at the price of a model of the catalog. */
export function modelUsageOf(model: string, usage: TokenUsage): ModelUsage {
  const { isEstimated: _, ...tokens } = usage
  return { model, ...tokens }
}

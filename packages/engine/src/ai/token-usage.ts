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
  cachedInputTokens?: number | undefined
  cacheWriteTokens?: number | undefined
  outputTokens: number
}

/** What the provider told, made consistent; what it did not tell is what was counted. An explicit zero is zero. */
export function tokenUsageOf(usage: LanguageModelV4Usage | undefined, counted: CountedTokens): TokenUsage {
  const told = isTold(usage) ? usage : undefined
  const inputTokens = whole(told?.inputTokens.total)
  const outputTokens = whole(told?.outputTokens.total)
  const input = inputTokens ?? counted.inputTokens
  const output = outputTokens ?? counted.outputTokens
  const { cacheRead, cacheWrite } =
    inputTokens === undefined
      ? { cacheRead: counted.cachedInputTokens, cacheWrite: counted.cacheWriteTokens }
      : { cacheRead: told?.inputTokens.cacheRead, cacheWrite: told?.inputTokens.cacheWrite }
  const cached = Math.min(whole(cacheRead) ?? 0, input)
  return {
    inputTokens: input,
    cachedInputTokens: cached,
    cacheWriteTokens: Math.min(whole(cacheWrite) ?? 0, input - cached),
    outputTokens: output,
    reasoningTokens: Math.min(whole(told?.outputTokens.reasoning) ?? 0, output),
    isEstimated: inputTokens === undefined || outputTokens === undefined,
  }
}

/** Whether a provider told anything: of usage without any number the SDK makes zeros. */
function isTold(usage: LanguageModelV4Usage | undefined): boolean {
  if (usage?.raw === undefined) return usage !== undefined
  return Object.values(usage.raw).some((value) => typeof value === 'number')
}

function whole(tokens: number | undefined): number | undefined {
  return tokens === undefined || !Number.isFinite(tokens) ? undefined : Math.max(0, Math.round(tokens))
}

/** For settling at the price of a model of the catalog. */
export function modelUsageOf(model: string, usage: TokenUsage): ModelUsage {
  const { isEstimated: _, ...tokens } = usage
  return { model, ...tokens }
}

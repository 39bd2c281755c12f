import type { CountedTokens, TokenUsage } from './token-usage.ts'

/**
 * What a provider tells of usage before its stream ends, read from its raw events: Anthropic with the first one,
 * Google with each. Others tell only at the end.
 */
export class EarlyUsage {
  #inputTokens: number | undefined
  #cachedInputTokens: number | undefined
  #cacheWriteTokens: number | undefined
  #outputTokens: number | undefined

  /** Whether raw events of this provider (as AI SDK models name theirs, such as `vertex.anthropic.messages`) are worth asking for. */
  static isToldBy(provider: string): boolean {
    return /anthropic|google|vertex/.test(provider)
  }

  add(rawEvent: unknown): void {
    const anthropic = at(at(rawEvent, 'message'), 'usage') ?? at(rawEvent, 'usage')
    const google = at(rawEvent, 'usageMetadata')
    const written = number(anthropic, 'cache_creation_input_tokens')
    const cached = number(anthropic, 'cache_read_input_tokens')
    const input = sum(number(anthropic, 'input_tokens'), written, cached)
    const prompt = sum(number(google, 'promptTokenCount'), number(google, 'toolUsePromptTokenCount'))
    const output = sum(number(google, 'candidatesTokenCount'), number(google, 'thoughtsTokenCount'))
    this.#inputTokens = highest(this.#inputTokens, input, prompt)
    this.#cachedInputTokens = highest(
      this.#cachedInputTokens,
      cached,
      number(google, 'cachedContentTokenCount'),
    )
    this.#cacheWriteTokens = highest(this.#cacheWriteTokens, written)
    this.#outputTokens = highest(this.#outputTokens, output, number(anthropic, 'output_tokens'))
  }

  /** Whether anything was told: the call was accepted. */
  get isTold(): boolean {
    return this.#inputTokens !== undefined
  }

  /** The tokens so far: as told, else as counted; what was written and not yet told counts too. */
  orCounted(counted: CountedTokens): TokenUsage {
    const inputTokens = this.#inputTokens ?? counted.inputTokens
    const cachedInputTokens = Math.min(this.#cachedInputTokens ?? 0, inputTokens)
    return {
      inputTokens,
      cachedInputTokens,
      cacheWriteTokens: Math.min(this.#cacheWriteTokens ?? 0, inputTokens - cachedInputTokens),
      outputTokens: Math.max(this.#outputTokens ?? 0, counted.outputTokens),
      reasoningTokens: 0,
      isEstimated: true,
    }
  }
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function number(value: unknown, name: string): number | undefined {
  const found = at(value, name)
  return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : undefined
}

function sum(...values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0)
}

function highest(...values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

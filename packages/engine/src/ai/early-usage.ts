import type { CountedTokens } from './token-usage.ts'

/**
 * What a provider tells of usage before its stream ends, read from its raw events: Anthropic with the first one,
 * Google with each. Others tell only at the end.
 */
export class EarlyUsage {
  inputTokens: number | undefined
  outputTokens: number | undefined

  /** Whether raw events of this provider (as AI SDK models name theirs) are worth asking for. */
  static isToldBy(provider: string): boolean {
    return provider.startsWith('anthropic') || provider.startsWith('google')
  }

  add(rawEvent: unknown): void {
    const anthropic = at(at(rawEvent, 'message'), 'usage') ?? at(rawEvent, 'usage')
    const google = at(rawEvent, 'usageMetadata')
    const input = sum(
      number(anthropic, 'input_tokens'),
      number(anthropic, 'cache_creation_input_tokens'),
      number(anthropic, 'cache_read_input_tokens'),
    )
    const output = sum(number(google, 'candidatesTokenCount'), number(google, 'thoughtsTokenCount'))
    this.inputTokens = highest(this.inputTokens, highest(input, number(google, 'promptTokenCount')))
    this.outputTokens = highest(this.outputTokens, highest(output, number(anthropic, 'output_tokens')))
  }

  /** The tokens so far: as told, else as counted; what was written and not yet told counts too. */
  orCounted(counted: CountedTokens): CountedTokens {
    return {
      inputTokens: this.inputTokens ?? counted.inputTokens,
      outputTokens: Math.max(this.outputTokens ?? 0, counted.outputTokens),
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

function highest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}

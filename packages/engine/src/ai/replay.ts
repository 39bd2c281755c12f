import type {
  JSONValue,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import type { ModelUsage } from '../prices.ts'

/** What is kept of an answer for replays of its idempotency key. */
export interface StoredAnswer {
  content: LanguageModelV4Content[]
  finishReason: LanguageModelV4FinishReason
  structuredOutputText?: string
  model: string | null
  usage: ModelUsage | null
  isSimulated: boolean
  isPartial: boolean
  attempts: number
  /** There was no usable answer, and the failed calls were charged. */
  failure?: JSONValue
}

/** Usage as the SDK has it. */
export function sdkUsageOf(usage: ModelUsage | null): LanguageModelV4GenerateResult['usage'] {
  const {
    inputTokens,
    cachedInputTokens = 0,
    cacheWriteTokens = 0,
    outputTokens,
    reasoningTokens = 0,
  } = usage ?? { inputTokens: undefined, outputTokens: undefined }
  return {
    inputTokens: {
      total: inputTokens,
      noCache: inputTokens === undefined ? undefined : inputTokens - cachedInputTokens - cacheWriteTokens,
      cacheRead: cachedInputTokens,
      cacheWrite: cacheWriteTokens,
    },
    outputTokens: {
      total: outputTokens,
      text: outputTokens === undefined ? undefined : outputTokens - reasoningTokens,
      reasoning: reasoningTokens,
    },
  }
}

/** An answer as the parts of a stream. */
export function* partsOf(content: readonly LanguageModelV4Content[]): Generator<LanguageModelV4StreamPart> {
  for (const [index, part] of content.entries()) {
    const id = String(index)
    if (part.type === 'text' || part.type === 'reasoning') {
      yield { type: `${part.type}-start`, id }
      yield { type: `${part.type}-delta`, id, delta: part.text }
      yield { type: `${part.type}-end`, id }
    } else {
      yield part
    }
  }
}

/** Gathers the parts of a stream into an answer: texts as they come, other parts as they are. */
export class ContentCollector {
  readonly content: LanguageModelV4Content[] = []
  readonly #open = new Map<string, { type: 'text' | 'reasoning'; text: string }>()
  /** Everything that a model wrote, as it is counted: words, thoughts, input of tools. */
  #written: string[] = []

  add(part: LanguageModelV4StreamPart): void {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start': {
        const type = part.type === 'text-start' ? 'text' : 'reasoning'
        const opened = { type, text: '' } as const
        this.#open.set(`${type} ${part.id}`, { ...opened })
        break
      }
      case 'text-delta':
      case 'reasoning-delta': {
        const type = part.type === 'text-delta' ? 'text' : 'reasoning'
        const open = this.#open.get(`${type} ${part.id}`)
        if (open !== undefined) open.text += part.delta
        this.#written.push(part.delta)
        break
      }
      case 'text-end':
      case 'reasoning-end': {
        const key = `${part.type === 'text-end' ? 'text' : 'reasoning'} ${part.id}`
        const open = this.#open.get(key)
        if (open !== undefined) this.content.push(open)
        this.#open.delete(key)
        break
      }
      case 'tool-input-delta':
        this.#written.push(part.delta)
        break
      case 'tool-call':
      case 'tool-result':
      case 'file':
      case 'source':
      case 'custom':
      case 'reasoning-file':
      case 'tool-approval-request':
        this.content.push(part)
        break
      default:
    }
  }

  /** Everything that was written so far. */
  get written(): string {
    if (this.#written.length > 1) this.#written = [this.#written.join('')]
    return this.#written[0] ?? ''
  }

  /** Closes what is still open, as after a stream that broke off. */
  close(): void {
    this.content.push(...this.#open.values())
    this.#open.clear()
  }
}

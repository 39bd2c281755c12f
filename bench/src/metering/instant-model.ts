import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider'

const words = ['The sea ', 'is wide, ', 'and the boat ', 'is small; ', 'nobody on it ', 'minds that.']

const usage: LanguageModelV4Usage = {
  inputTokens: { total: 790, noCache: 534, cacheRead: 256, cacheWrite: 0 },
  outputTokens: { total: 210, text: 210, reasoning: 0 },
}
const finishReason = { unified: 'stop', raw: 'stop' } as const

const beginning: readonly LanguageModelV4StreamPart[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: '0' },
  ...words.map((delta) => ({ type: 'text-delta', id: '0', delta }) as const),
]
const ending: readonly LanguageModelV4StreamPart[] = [
  { type: 'text-end', id: '0' },
  { type: 'finish', finishReason, usage },
]

/**
 * A model in this process that answers at once with fixed words and usage, so that what surrounds it is all that takes
 * time. A stream ends when `until` resolves, where that is given.
 */
export function instantModel(modelId: string, until?: Promise<void>): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'openai',
    modelId,
    supportedUrls: {},
    doGenerate: async () => ({
      content: [{ type: 'text', text: words.join('') }],
      finishReason,
      usage,
      warnings: [],
    }),
    doStream: async () => ({ stream: streamOf(until) }),
  }
}

function streamOf(until: Promise<void> | undefined): ReadableStream<LanguageModelV4StreamPart> {
  return new ReadableStream<LanguageModelV4StreamPart>({
    async start(controller) {
      for (const part of beginning) controller.enqueue(part)
      await until
      for (const part of ending) controller.enqueue(part)
      controller.close()
    },
  })
}

import { setTimeout as sleep } from 'node:timers/promises'
import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'

export type Line = LanguageModelV4StreamPart | { wait: number } | { hang: true } | { throw: unknown }

export const text = (...deltas: string[]): Line[] => [
  { type: 'text-start', id: '0' },
  ...deltas.map((delta) => ({ type: 'text-delta', id: '0', delta }) as const),
  { type: 'text-end', id: '0' },
]

export const usageOf = (input: number, output: number): LanguageModelV4Usage => ({
  inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: output, text: output, reasoning: 0 },
})

export const finish = (input: number, output: number): Line => ({
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: usageOf(input, output),
})

/** A provider whose models play what a script says, each call taking the next script of the model. */
export class ScriptedProvider {
  readonly calls: { name: string; options: LanguageModelV4CallOptions }[] = []
  readonly aborted: string[] = []
  readonly #scripts: Record<string, Line[][]>

  constructor(scripts: Record<string, Line[][]>) {
    this.#scripts = scripts
  }

  readonly model = (name: string): LanguageModelV4 => ({
    specificationVersion: 'v4',
    provider: 'demo',
    modelId: name,
    supportedUrls: {},
    doGenerate: async (options) => await this.#generate(name, options),
    doStream: async (options) => {
      const script = this.#next(name, options)
      const [first] = script
      if (first !== undefined && 'throw' in first) throw first.throw
      return { stream: ReadableStream.from(this.#play(name, script, options)) }
    },
  })

  #next(name: string, options: LanguageModelV4CallOptions): Line[] {
    this.calls.push({ name, options })
    const script = this.#scripts[name]?.shift()
    if (script === undefined) throw new Error(`no script is left for ${name}`)
    return script
  }

  async #generate(name: string, options: LanguageModelV4CallOptions) {
    const content: (
      | { type: 'text'; text: string }
      | Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>
    )[] = []
    for await (const part of this.#play(name, this.#next(name, options), options)) {
      if (part.type === 'text-start') content.push({ type: 'text', text: '' })
      const last = content.at(-1)
      if (part.type === 'text-delta' && last?.type === 'text') last.text += part.delta
      if (part.type === 'tool-call') content.push(part)
      if (part.type === 'finish') {
        return { content, finishReason: part.finishReason, usage: part.usage, warnings: [] }
      }
    }
    throw new Error('the script has no finish')
  }

  async *#play(
    name: string,
    script: readonly Line[],
    { abortSignal }: LanguageModelV4CallOptions,
  ): AsyncGenerator<LanguageModelV4StreamPart> {
    try {
      for (const line of script) {
        if ('throw' in line) throw line.throw
        if ('hang' in line) await sleep(600_000, undefined, { signal: abortSignal })
        else if ('wait' in line) await sleep(line.wait, undefined, { signal: abortSignal })
        else yield line
      }
    } finally {
      if (abortSignal?.aborted === true) this.aborted.push(name)
    }
  }
}

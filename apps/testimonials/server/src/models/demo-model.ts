import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
} from '@ai-sdk/provider'
import { countTokens } from '@stipend/engine/ai'
import { z } from 'zod'
import { lengths, tones, wordsOf } from '../prompts/assemble-testimonial.ts'
import { readDataBlock } from '../untrusted-text.ts'
import { polish, writeQuestions, writeTestimonial } from './demo-writer.ts'

const answers = z.array(z.object({ question: z.string(), answer: z.string() }))
const assembling = z.object({ productName: z.string(), answers })
const asking = z.object({ productName: z.string(), productDescription: z.string() })
const polishing = z.object({ text: z.string(), wish: z.string().nullable() })

/**
 * Stands in where no provider is configured: deterministic, without a model, out of the words it is given.
 * Usage is counted as a model's would be. What it writes is to be labelled simulated.
 */
export function createDemoModel(modelId: string): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'demo',
    modelId,
    supportedUrls: {},
    doGenerate: async (options) => generate(options),
    doStream: async (options) => {
      const { content, finishReason, usage, warnings } = generate(options)
      return {
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings })
            for (const part of content) {
              if (part.type !== 'text') continue
              controller.enqueue({ type: 'text-start', id: '0' })
              controller.enqueue({ type: 'text-delta', id: '0', delta: part.text })
              controller.enqueue({ type: 'text-end', id: '0' })
            }
            controller.enqueue({ type: 'finish', finishReason, usage })
            controller.close()
          },
        }),
      }
    },
  }
}

function generate({ prompt, responseFormat }: LanguageModelV4CallOptions): LanguageModelV4GenerateResult {
  const text = prompt.map(textOf).join('\n')
  const user = prompt.findLast(({ role }) => role === 'user')
  const task = responseFormat?.type === 'json' ? responseFormat.name : undefined
  const reply = JSON.stringify(write(task, user === undefined ? '' : textOf(user)))
  const [inputTokens, outputTokens] = [countTokens(text), countTokens(reply)]
  return {
    content: [{ type: 'text', text: reply }],
    finishReason: { unified: 'stop', raw: 'stop' },
    usage: {
      inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
    },
    warnings: [],
  }
}

function textOf({ content }: LanguageModelV4CallOptions['prompt'][number]): string {
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
}

function write(task: string | undefined, prompt: string): Record<string, unknown> {
  const data = readDataBlock(prompt)
  switch (task) {
    case 'testimonial': {
      const tone = tones.find((name) => prompt.startsWith(`Tone: ${name}`)) ?? 'friendly'
      const words = /about (\d+) words/.exec(prompt)?.[1]
      const length = lengths.find((name) => String(wordsOf[name]) === words) ?? 'medium'
      return { testimonial: writeTestimonial({ ...assembling.parse(data), tone, length }) }
    }
    case 'questions': {
      const count = Number(/exactly (\d+)/.exec(prompt)?.[1] ?? 5)
      return { questions: writeQuestions({ ...asking.parse(data), count }) }
    }
    case 'text':
      return { text: polish(polishing.parse(data)) }
    default:
      return { text: 'This is the demo provider: no model is configured, so nothing was generated.' }
  }
}

import type { LanguageModelV4 } from '@ai-sdk/provider'
import type { Metering } from '@stipend/engine/ai'
import { generateText, streamText } from 'ai'
import type { BenchCatalog } from '../catalog.ts'
import { instantModel } from './instant-model.ts'

export const kinds = ['generateText', 'streamText'] as const
export type Kind = (typeof kinds)[number]

/** Makes one call to its end. */
export type Call = () => Promise<void>

/** About 500 tokens that every call begins with, as a product's instructions are. */
const instructions = Array.from(
  { length: 24 },
  (_, rule) =>
    `Rule ${rule + 1}: write plainly, keep the names and figures that the person gave, and never invent a thing.`,
).join('\n')

const run = `${Date.now().toString(36)}-${process.pid}`
let calls = 0

/** About 100 tokens that differ from call to call. */
function nextPrompt(): string {
  calls += 1
  return `Question ${calls}: ${`what did person ${calls} like about boat ${calls * 7}, and what not? `.repeat(8)}`
}

/** The SDK's call of a model in this process. */
export function bareCall(kind: Kind): Call {
  const model = instantModel('gpt-4o-mini')
  return () => call(kind, model)
}

/** The same with metering, keyed and with an actor, as an application has it. */
export function meteredCall(
  kind: Kind,
  metering: Metering<BenchCatalog>,
  organizations: readonly string[],
): Call {
  return () => call(kind, meteredModel(metering, organizations[calls % organizations.length] ?? ''))
}

export function meteredModel(metering: Metering<BenchCatalog>, organizationId: string): LanguageModelV4 {
  const person = calls % 50
  return metering.model({
    organizationId,
    capability: 'reply',
    quality: 'fast',
    idempotencyKey: `metering-${run}-${calls}`,
    actor: {
      type: 'member',
      id: `member-${person}`,
      name: `Member ${person}`,
      email: `member-${person}@example.com`,
    },
  })
}

async function call(kind: Kind, model: LanguageModelV4): Promise<void> {
  if (kind === 'generateText') {
    await generateText({ model, instructions, prompt: nextPrompt(), maxRetries: 0 })
    return
  }
  const { textStream } = startStream(model)
  for await (const _ of textStream);
}

/** The SDK's stream of an answer, which nobody has begun to read. */
export function startStream(model: LanguageModelV4) {
  const onError = ({ error }: { error: unknown }) => {
    throw error
  }
  return streamText({ model, instructions, prompt: nextPrompt(), maxRetries: 0, onError })
}

// The code of docs/guide/metering.md, word for word; guide.test.ts compares and runs it.
import { anthropic } from '@ai-sdk/anthropic'
import { openai } from '@ai-sdk/openai'
import { type Actor, StipendError } from '@stipend/engine'
import { receiptIn } from '@stipend/engine/ai'
import { createStipend, type Identify } from '@stipend/server'
import {
  createUIMessageStreamResponse,
  type FlexibleSchema,
  generateText,
  isStepCount,
  type LanguageModel,
  Output,
  streamText,
  type Tool,
  toUIMessageStream,
  wrapLanguageModel,
} from 'ai'
import type { Pool } from 'pg'
import { catalog } from './stipend.catalog.ts'

export function setUp(database: Pool, identify: Identify) {
  const stipend = createStipend({ database, catalog, identify, providers: { openai, anthropic } })
  return stipend
}

type GuideStipend = ReturnType<typeof setUp>

export interface Given {
  stipend: GuideStipend
  organizationId: string
  actor: Actor
  idempotencyKey: string
  prompt: string
}

export async function respond({ stipend, organizationId, actor, idempotencyKey, prompt }: Given) {
  const result = streamText({
    model: stipend.model({ organizationId, capability: 'reply', quality: 'fast', actor, idempotencyKey }),
    prompt,
    maxRetries: 0,
  })
  const stream = toUIMessageStream({
    stream: await stipend.started(result.stream),
    messageMetadata: stipend.receipt,
    onError: stipend.problem,
  })
  return createUIMessageStreamResponse({ stream })
}

export async function answerAtOnce(model: LanguageModel, prompt: string) {
  try {
    const result = await generateText({ model, prompt, maxRetries: 0 })
    return { text: result.text, creditsUsed: receiptIn(result)?.creditsUsed }
  } catch (error) {
    const isPoor = error instanceof StipendError && error.code === 'insufficient_credits'
    if (isPoor) return { offer: error.detail['topup'] }
    throw error
  }
}

export async function loop(
  { stipend, organizationId, idempotencyKey, prompt }: Given,
  orderStatus: Tool<{ order: string }, string>,
) {
  const { steps, finalStep } = await generateText({
    model: stipend.model({ organizationId, capability: 'reply', idempotencyKey }),
    prompt,
    tools: { orderStatus },
    stopWhen: isStepCount(5),
    maxRetries: 0,
  })
  const perStep = steps.map((step) => receiptIn(step)?.creditsUsed)
  const total = receiptIn(finalStep)?.totalCreditsUsed
  return { perStep, total }
}

export async function structured<Shape>(
  { stipend, organizationId, prompt }: Given,
  schema: FlexibleSchema<Shape>,
) {
  const { output } = await generateText({
    model: stipend.model({
      organizationId,
      capability: 'reply',
      accepts: (text) => !text.includes('as an AI'),
    }),
    prompt,
    output: Output.object({ schema }),
    maxRetries: 0,
  })
  return output
}

export function picked({ stipend, organizationId }: Given) {
  const model = wrapLanguageModel({
    model: anthropic('claude-haiku-4-5'),
    middleware: stipend.meter({ organizationId, capability: 'reply', quality: 'enhanced' }),
  })
  return model
}

type YourModel = (modelId: string | undefined) => Promise<{ text: string; read: number; written: number }>

export async function execute({ stipend, organizationId, idempotencyKey }: Given, callYourModel: YourModel) {
  const answer = await stipend.engine.executeWithAIAccess(
    { organizationId, capability: 'reply', idempotencyKey, promptTokens: 400, maxOutputTokens: 200 },
    async ({ models, report }) => {
      const reply = await callYourModel(models[0]?.modelId)
      const usage = { model: 'mini', inputTokens: reply.read, outputTokens: reply.written }
      report(usage)
      return { result: reply.text, usage }
    },
  )
  return answer
}

export function stopWithTheProcess(
  stipend: GuideStipend,
  database: Pool,
  server: { close(): unknown },
): void {
  process.once('SIGTERM', async () => {
    server.close()
    await stipend.close()
    await database.end()
  })
}

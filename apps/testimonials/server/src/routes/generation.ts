import { credits, type ExecuteInput, errorOf, StipendError } from '@stipend/engine'
import { type Receipt, receiptIn } from '@stipend/engine/ai'
import { idempotencyKeyOf, organizationIdOf, type StipendEnv, setCreditHeaders } from '@stipend/server'
import { generateText, jsonSchema, NoObjectGeneratedError, Output, streamText } from 'ai'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { type GenerationCapability, keepGeneration } from '../generations/generation.ts'
import { type Prompt, type Quality, reasoning } from '../prompts/prompt.ts'
import type { TestimonialsStipend } from '../testimonials.ts'

/** One of the product's AI features, asked for by somebody who is signed in. */
export interface Task<Answer> {
  capability: GenerationCapability
  quality: Quality | undefined
  prompt: Prompt<Answer>
  /** The request as validated: another one under the same Idempotency-Key is refused. */
  body: object
}

/** The answer with its charge, as JSON. @throws StipendError with the refusal, `provider_failed` with what was charged. */
export async function generateAnswer<Answer extends object>(
  c: Context<StipendEnv>,
  stipend: TestimonialsStipend,
  task: Task<Answer>,
) {
  const { answer, receipt } = await generateFor(callerOf(c), stipend, task)
  await keep(c, task, answer, receipt)
  setCreditHeaders(c, {
    creditsUsed: credits(receipt.creditsUsed),
    balanceRemaining: credits(receipt.balanceRemaining),
  })
  return { ...answer, ...chargeOf(receipt) }
}

/** Who asks, for whom, and within which limits. */
export type Caller = Pick<
  ExecuteInput,
  'organizationId' | 'actor' | 'subject' | 'formId' | 'customerLimits' | 'idempotencyKey'
>

const callerOf = (c: Context<StipendEnv>): Caller => ({
  organizationId: organizationIdOf(c),
  actor: c.var.principal.actor,
  idempotencyKey: idempotencyKeyOf(c),
})

/** {@link generateAnswer} for any caller, and nothing of HTTP. */
export async function generateFor<Answer extends object>(
  caller: Caller,
  stipend: TestimonialsStipend,
  task: Task<Answer>,
): Promise<{ answer: Answer; receipt: Receipt }> {
  const result = await generateText(callOf(caller, stipend, task))
  return { answer: result.output, receipt: requireReceipt(receiptIn(result)) }
}

/**
 * The answer as server-sent events: `text` {delta} as it comes, at the end `done` with what {@link generateAnswer}
 * answers, or `problem`. A refusal is thrown before the first event, so that its status is the response's.
 */
export async function streamAnswer<Answer extends object>(
  c: Context<StipendEnv>,
  stipend: TestimonialsStipend,
  task: Task<Answer> & { textOf: (partial: Partial<Answer>) => string | undefined },
): Promise<Response> {
  const left = new AbortController()
  c.req.raw.signal.addEventListener('abort', () => left.abort(), { once: true })
  let failure: unknown = null
  const result = streamText({
    ...callOf(callerOf(c), stipend, task),
    abortSignal: left.signal,
    onError: ({ error }) => {
      failure ??= error
    },
  })
  const deltas = deltasOf<Answer>(result.partialOutputStream, task.textOf)
  const first = await deltas.next()
  if (first.done === true && failure !== null) throw failure
  return streamSSE(c, async (events) => {
    events.onAbort(() => left.abort())
    const send = (event: string, data: string) => events.writeSSE({ event, data })
    for (let delta = first; delta.done !== true; delta = await deltas.next()) {
      await send('text', JSON.stringify({ delta: delta.value }))
    }
    try {
      if (failure !== null) throw failure
      const receipt = requireReceipt(receiptIn(await result.finalStep))
      const answer = task.prompt.answer.safeParse(await result.output)
      if (!answer.success) throw unusable(receipt)
      await keep(c, task, answer.data, receipt)
      await send('done', JSON.stringify({ ...answer.data, ...chargeOf(receipt) }))
    } catch (error) {
      if (left.signal.aborted) return
      const receipt = NoObjectGeneratedError.isInstance(error) ? receiptIn(await result.finalStep) : null
      await send('problem', stipend.problem(receipt === null ? error : unusable(receipt)))
    }
  })
}

/** For the history of the studio, of people alone. An answer that was paid for is told though it could not be kept. */
async function keep<Answer extends object>(
  c: Context<StipendEnv>,
  { capability, body }: Task<Answer>,
  answer: Answer,
  receipt: Receipt,
): Promise<void> {
  const { principal, database, requestId, logger } = c.var
  if (principal.role === null || principal.actor.type !== 'member') return
  const { quality, model, simulated, creditsUsed, reservationId } = receipt
  await keepGeneration(database, organizationIdOf(c), {
    personId: principal.actor.id,
    personName: principal.actor.name ?? null,
    capability,
    quality,
    model: model ?? '',
    simulated,
    input: { ...body },
    output: { ...answer },
    creditsUsed,
    reservationId,
  }).catch((error: unknown) => {
    const code = error instanceof StipendError ? error.code : 'internal'
    logger?.error({ requestId, code }, 'an answer was not kept for the history')
  })
}

function callOf<Answer>(caller: Caller, stipend: TestimonialsStipend, task: Task<Answer>) {
  const { capability, quality, prompt, body } = task
  const model = stipend.model({
    ...caller,
    capability,
    quality,
    parameters: body,
    accepts: (text) => prompt.answer.safeParse(parsed(text)).success,
  })
  return {
    model,
    instructions: prompt.instructions,
    prompt: prompt.prompt,
    output: Output.object({ schema: schemaOf(prompt), name: prompt.name }),
    maxOutputTokens: prompt.maxOutputTokens,
    reasoning: reasoning[quality ?? 'fast'],
    maxRetries: 0,
  }
}

function schemaOf<Answer>({ shape, answer }: Prompt<Answer>) {
  return jsonSchema<Answer>(shape, {
    validate: (value) => {
      const read = answer.safeParse(value)
      return read.success ? { success: true, value: read.data } : { success: false, error: read.error }
    },
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What each partial answer adds to the one before. */
async function* deltasOf<Answer>(
  partials: AsyncIterable<unknown>,
  textOf: (partial: Partial<Answer>) => string | undefined,
): AsyncGenerator<string> {
  let seen = ''
  for await (const partial of partials) {
    const text = textOf(partial as Partial<Answer>) ?? ''
    if (text.length <= seen.length) continue
    yield text.slice(seen.length)
    seen = text
  }
}

function requireReceipt(receipt: Receipt | null): Receipt {
  if (receipt === null) throw new Error('The model was not a metered one.')
  return receipt
}

function unusable({ creditsUsed, balanceRemaining, reservationId }: Receipt) {
  return errorOf('provider_failed', {
    message: 'The model gave no usable answer; what its provider bills for it was charged.',
    creditsUsed,
    balanceRemaining,
    reservationId,
  })
}

function chargeOf(receipt: Receipt) {
  return {
    simulated: receipt.simulated,
    model: receipt.model ?? '',
    quality: receipt.quality,
    usage: {
      creditsUsed: receipt.creditsUsed,
      creditsEstimated: receipt.creditsEstimated,
      creditsMaximum: receipt.creditsMaximum,
      balanceRemaining: receipt.balanceRemaining,
      inputTokens: receipt.inputTokens,
      cachedInputTokens: receipt.cachedInputTokens,
      outputTokens: receipt.outputTokens,
      reasoningTokens: receipt.reasoningTokens,
    },
    reservationId: receipt.reservationId,
    replayed: receipt.replayed,
  }
}

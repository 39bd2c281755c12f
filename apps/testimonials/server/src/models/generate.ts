import { generateText, jsonSchema, type LanguageModelUsage, NoObjectGeneratedError, Output } from 'ai'
import { type Prompt, type Quality, reasoning } from '../prompts/prompt.ts'
import { countTokens } from './count-tokens.ts'
import { type Failure, type FailureKind, failureOf, isAmbiguous, movesOn } from './provider-error.ts'
import type { ModelRegistry, ResolvedModel } from './registry.ts'
import { addUsage, type TokenUsage, tokenUsageOf } from './usage.ts'

/** One call of one model, for the ledger: no texts. */
export interface Attempt {
  /** `provider/model` of the catalog. */
  requested: string
  /** Who answered, such as `openai` or `demo`; null where nobody is configured. */
  provider: string | null
  /** What the provider says that it served. */
  served: string | null
  outcome: 'served' | 'not_configured' | FailureKind
  status: number | null
  inputTokens: number | null
  outputTokens: number | null
  ms: number
}

export interface GenerateInput<Answer> {
  prompt: Prompt<Answer>
  quality: Quality
  /** In the order in which they are tried. */
  models: readonly { key: string; modelId: string }[]
  registry: ModelRegistry
  timeouts: { attemptMs: number; totalMs: number }
  /** The prompt's tokens as counted before: what counts where a provider tells nothing. */
  promptTokens: number
  /** Before a rejected reply is asked for again: whether the hold could be raised. */
  mayRetry: (spent: { model: string; usage: TokenUsage }) => Promise<boolean>
}

/** What came of walking the list. `spent` is to be charged, at the price of `model`, also where no answer came. */
export type Generated<Answer> = {
  attempts: Attempt[]
  isSimulated: boolean
} & (
  | { outcome: 'served'; answer: Answer; spent: Spent }
  | { outcome: 'failed'; last: Failure['kind'] | 'not_configured'; spent: Spent | null }
)

interface Spent {
  /** Catalog key. */
  model: string
  modelId: string
  usage: TokenUsage
}

/**
 * Asks the models in their order, one after the other, until one answers in the shape asked for. A provider that is
 * not configured, busy, broken, away or without this model passes on to the next. A reply in another shape is asked
 * for once more. Never retries by itself beyond that.
 */
export async function generate<Answer>(input: GenerateInput<Answer>): Promise<Generated<Answer>> {
  const attempts: Attempt[] = []
  const deadline = AbortSignal.timeout(input.timeouts.totalMs)
  let isSimulated = false
  let last: Failure['kind'] | 'not_configured' = 'not_configured'
  let owed: Spent | null = null
  for (const { key, modelId } of input.models) {
    const resolved = input.registry.resolve(modelId)
    if (resolved === null) {
      attempts.push(notConfigured(modelId))
      continue
    }
    if (deadline.aborted) break
    isSimulated = resolved.isSimulated
    const asked = await ask(input, { key, modelId, resolved }, deadline, attempts)
    if (asked.failure === null) {
      const spent = { model: key, modelId, usage: asked.usage }
      return { outcome: 'served', answer: asked.answer, spent, attempts, isSimulated }
    }
    last = asked.failure.kind
    if (asked.usage !== null) owed = { model: key, modelId, usage: asked.usage }
    if (!movesOn(asked.failure)) break
  }
  return { outcome: 'failed', last, spent: owed, attempts, isSimulated }
}

type Asked<Answer> =
  | { failure: null; answer: Answer; usage: TokenUsage }
  | { failure: Failure; usage: TokenUsage | null }

interface Candidate {
  key: string
  modelId: string
  resolved: ResolvedModel
}

/** One model, once more where its reply is rejected. */
async function ask<Answer>(
  input: GenerateInput<Answer>,
  candidate: Candidate,
  deadline: AbortSignal,
  attempts: Attempt[],
): Promise<Asked<Answer>> {
  let spent: TokenUsage | null = null
  for (let attempt = 1; ; attempt += 1) {
    const reply = await callOnce(input, candidate, deadline, attempts)
    if (reply.usage !== null) spent = addUsage(spent, reply.usage)
    if (reply.failure === null) return { ...reply, usage: spent ?? reply.usage }
    const { kind } = reply.failure
    if (kind !== 'rejected_reply' || spent === null || attempt === 2 || deadline.aborted) {
      return { failure: reply.failure, usage: spent }
    }
    const mayRetry = await input.mayRetry({ model: candidate.key, usage: spent })
    if (!mayRetry) return { failure: reply.failure, usage: spent }
  }
}

async function callOnce<Answer>(
  input: GenerateInput<Answer>,
  { modelId, resolved }: Candidate,
  deadline: AbortSignal,
  attempts: Attempt[],
): Promise<Asked<Answer>> {
  const startedAt = performance.now()
  const told: Told = { text: '', usage: undefined, served: null }
  let asked: Asked<Answer>
  try {
    const answer = await call(input, resolved, deadline, told)
    asked = { failure: null, answer, usage: countedUsage(input, told) }
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null) throw error
    asked = { failure, usage: usageAfter(failure, input, told) }
  }
  attempts.push({
    requested: modelId,
    provider: resolved.provider,
    served: told.served,
    outcome: asked.failure?.kind ?? 'served',
    status: asked.failure?.status ?? null,
    inputTokens: asked.usage?.inputTokens ?? null,
    outputTokens: asked.usage?.outputTokens ?? null,
    ms: Math.round(performance.now() - startedAt),
  })
  return asked
}

/** What the provider told of a reply, kept also where it is rejected. */
interface Told {
  text: string
  usage: LanguageModelUsage | undefined
  served: string | null
}

async function call<Answer>(
  { prompt, quality, timeouts }: GenerateInput<Answer>,
  { model }: ResolvedModel,
  deadline: AbortSignal,
  told: Told,
): Promise<Answer> {
  const shape = jsonSchema<Answer>(prompt.shape, {
    validate: (value) => {
      const parsed = prompt.answer.safeParse(value)
      return parsed.success ? { success: true, value: parsed.data } : { success: false, error: parsed.error }
    },
  })
  const rejected = (error: unknown): never => {
    if (NoObjectGeneratedError.isInstance(error)) {
      Object.assign(told, {
        usage: error.usage,
        text: error.text ?? '',
        served: error.response?.modelId ?? null,
      })
    }
    throw error
  }
  const result = await generateText({
    model,
    instructions: prompt.instructions,
    prompt: prompt.prompt,
    output: Output.object({ schema: shape, name: prompt.name }),
    maxOutputTokens: prompt.maxOutputTokens,
    reasoning: reasoning[quality],
    maxRetries: 0,
    abortSignal: AbortSignal.any([deadline, AbortSignal.timeout(timeouts.attemptMs)]),
  }).catch(rejected)
  told.usage = result.usage
  told.text = result.text
  told.served = result.response.modelId
  // Throws where the model ended without a word.
  return result.output
}

function countedUsage<Answer>({ promptTokens }: GenerateInput<Answer>, { text, usage }: Told): TokenUsage {
  return tokenUsageOf(usage, { inputTokens: promptTokens, outputTokens: countTokens(text) })
}

/** A rejected reply was paid; where the provider may have worked, its input counts; else nothing does. */
function usageAfter<Answer>(failure: Failure, input: GenerateInput<Answer>, told: Told): TokenUsage | null {
  if (failure.kind === 'rejected_reply') return countedUsage(input, told)
  if (!isAmbiguous(failure)) return null
  return tokenUsageOf(undefined, { inputTokens: input.promptTokens, outputTokens: 0 })
}

function notConfigured(requested: string): Attempt {
  return {
    requested,
    provider: null,
    served: null,
    outcome: 'not_configured',
    status: null,
    inputTokens: null,
    outputTokens: null,
    ms: 0,
  }
}

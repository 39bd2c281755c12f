import { z } from '@hono/zod-openapi'
import { type Actor, type Credits, credits, creditsToNumber, invalid, type Subject } from '@stipend/engine'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const plainCharacters = /^[^\u0000-\u001f\u007f]*$/

/** A text of 1 to `max` characters without control characters. */
export function textInput(max = 200) {
  return z
    .string()
    .min(1, `must be a text of 1 to ${max} characters`)
    .max(max, `must be a text of 1 to ${max} characters`)
    .regex(plainCharacters, 'must not contain control characters')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const proseCharacters = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/

/** A longer text of 1 to `max` characters, with line breaks and tabs but no other control characters. */
export function proseInput(max: number) {
  return z
    .string()
    .min(1, `must be a text of 1 to ${max} characters`)
    .max(max, `must be a text of 1 to ${max} characters`)
    .regex(proseCharacters, 'must not contain control characters but line breaks and tabs')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
}

/** A text of a header or of the path. @throws InvalidRequestError naming the field. */
export function requireHeaderText(field: string, value: string | undefined): string
export function requireHeaderText(
  field: string,
  value: string | undefined,
  need: 'optional',
): string | undefined
export function requireHeaderText(
  field: string,
  value: string | undefined,
  need?: 'optional',
): string | undefined {
  if (value === undefined && need === 'optional') return undefined
  const result = textInput().safeParse(value)
  if (result.success) return result.data
  throw invalid(field, result.error.issues[0]?.message ?? 'is not valid')
}

const maximum = 99_999_999_999.99

function hasTwoPlaces(value: number): boolean {
  try {
    credits(value)
    return true
  } catch {
    return false
  }
}

function amountInput(check: (value: number) => boolean, rule: string, range: { minimum?: number }) {
  return z
    .number()
    .refine(check, rule)
    .refine(
      (value) => Math.abs(value) > maximum || hasTwoPlaces(value),
      'must have at most two decimal places',
    )
    .refine((value) => Math.abs(value) <= maximum, `must be at most ${maximum}`)
    .transform((value) => credits(value))
    .openapi({ type: 'number', multipleOf: 0.01, maximum, ...range })
}

/** Credits above zero: a JSON number with at most two decimal places. */
export const creditsInput = amountInput((value) => value > 0, 'must be greater than zero', { minimum: 0.01 })
/** Credits of at least zero. */
export const creditsOrZeroInput = amountInput((value) => value >= 0, 'must not be negative', { minimum: 0 })
/** Credits of either sign, not zero. */
export const signedCreditsInput = amountInput((value) => value !== 0, 'must not be zero', {
  minimum: -maximum,
})

/** Credits as a JSON number. */
export const creditsOutput = z.number().openapi({ example: 1.25 })
/** Whether the answer tells of what was done before. */
export const replayedOutput = z.boolean().openapi({
  description: 'True: nothing was done again. Also the header Idempotency-Replayed: true.',
})
/** An ISO 8601 time in UTC. */
export const timeOutput = z.string().openapi({ format: 'date-time' })

/** Credits for JSON, null kept. */
export function creditsOrNull(value: Credits | null): number | null {
  return value === null ? null : creditsToNumber(value)
}

/** A time for JSON, null kept. */
export function timeOrNull(value: Date | null): string | null {
  return value === null ? null : value.toISOString()
}

/** An ISO 8601 time with offset, or a day, which is its start in UTC. */
export const timeInput = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], 'must be an ISO 8601 time or day')
  .transform((value) => new Date(value))
  .openapi({ type: 'string', format: 'date-time', example: '2026-11-01T00:00:00Z' })

/** A whole number in a query. */
export function wholeNumberQuery(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule)
    .openapi({ type: 'integer', minimum: min, maximum: max })
}

/** A whole number of tokens. */
export function tokensInput(min = 0) {
  return z.int().min(min).max(100_000_000)
}

/** Who causes a call: a member, an API key or a customer of the host. */
export const actorInput = z
  .strictObject({
    type: z.enum(['member', 'api_key', 'customer']),
    id: textInput(),
    name: textInput().optional(),
    email: textInput(320).optional(),
  })
  .openapi('Actor')
  .transform(
    ({ name, email, ...actor }): Actor => ({
      ...actor,
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
    }),
  )

/** What a call concerns. */
export const subjectInput = z
  .strictObject({ type: textInput(100), id: textInput(), name: textInput().optional() })
  .openapi('Subject')
  .transform(({ name, ...subject }): Subject => ({ ...subject, ...(name === undefined ? {} : { name }) }))

/** Tokens of a model call; input includes cached and cache-write tokens, output includes reasoning tokens. */
export const usageInput = z
  .strictObject({
    model: textInput().openapi({ description: 'Catalog key or provider/model of the model that served.' }),
    inputTokens: tokensInput(),
    cachedInputTokens: tokensInput().optional(),
    cacheWriteTokens: tokensInput().optional(),
    outputTokens: tokensInput(),
    reasoningTokens: tokensInput().optional(),
  })
  .openapi('ModelUsage')

/** A refusal as RFC 9457 problem+json; its particulars stand beside these members. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ example: 'insufficient_credits' }),
    scope: z.string().optional(),
    retryable: z.boolean(),
    remedy: z.object({ action: z.string() }).openapi({ additionalProperties: true }).optional(),
    requestId: z.string(),
  })
  .openapi('Problem', { additionalProperties: true })

/** A JSON answer of a route. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A required JSON body of a route. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** The refusals of every route, for its `responses`. */
export const refusals = {
  default: {
    description: 'A refusal: see code, and remedy for what would help.',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
}

/** The headers of an answer that charged. */
export const creditHeaders = {
  'X-Credits-Used': { schema: { type: 'number' as const }, description: 'Credits charged.' },
  'X-Balance-Remaining': { schema: { type: 'number' as const }, description: 'Balance in credits.' },
}

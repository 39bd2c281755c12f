import { z } from '@hono/zod-openapi'
import { creditsOutput } from '@stipend/server'
import { lengths, tones } from '../prompts/assemble-testimonial.ts'
import { cleanText } from '../untrusted-text.ts'

/** Text of a stranger: cleaned, then of 1 to `max` characters. The raw text may hold more that is invisible. */
export function strangersText(max: number, example: string) {
  const rule = `must be a text of 1 to ${max} characters`
  return z
    .string()
    .max(max * 2, rule)
    .transform(cleanText)
    .pipe(z.string().min(1, 'must not be empty').max(max, rule))
    .openapi({ type: 'string', minLength: 1, maxLength: max, example })
}

const quality = z
  .enum(['fast', 'enhanced', 'premium'])
  .optional()
  .openapi({ description: 'Default: the lowest that the plan allows.' })

const productName = strangersText(120, 'Lumen Coffee')

export const suggestQuestionsInput = z
  .strictObject({
    quality,
    productName,
    productDescription: strangersText(
      2000,
      'Freshly roasted single-origin beans for cafés, by subscription.',
    ),
    count: z.int().min(1).max(10).default(5),
  })
  .openapi('SuggestQuestionsRequest')

export const assembleTestimonialInput = z
  .strictObject({
    quality,
    productName,
    answers: z
      .array(
        z.strictObject({
          question: strangersText(500, 'What changed since you started?'),
          answer: strangersText(4000, 'Our guests noticed within a week.'),
        }),
      )
      .min(1, 'must hold at least one answer')
      .max(20, 'must hold at most 20 answers'),
    tone: z.enum(tones).default('friendly'),
    length: z.enum(lengths).default('medium'),
  })
  .openapi('AssembleTestimonialRequest')

export const polishTestimonialInput = z
  .strictObject({
    quality,
    text: strangersText(8000, 'i realy like the coffee ,it is allways fresh'),
    instruction: strangersText(500, 'A bit shorter').optional(),
  })
  .openapi('PolishTestimonialRequest')

const chargeFields = {
  simulated: z.boolean().openapi({ description: 'Written by the demo provider: no model was called.' }),
  model: z
    .string()
    .openapi({ description: 'provider/model that served, at whose price the call was charged.' }),
  quality: z.string(),
  usage: z
    .object({
      creditsUsed: creditsOutput,
      creditsEstimated: creditsOutput,
      creditsMaximum: creditsOutput,
      balanceRemaining: creditsOutput,
      inputTokens: z.int(),
      cachedInputTokens: z.int(),
      outputTokens: z.int(),
      reasoningTokens: z.int(),
    })
    .openapi('AIUsage'),
  reservationId: z.string(),
  replayed: z.boolean().openapi({ description: 'The first answer of this Idempotency-Key, charged once.' }),
}

export const questionsOutput = z
  .object({ questions: z.array(z.string()), ...chargeFields })
  .openapi('SuggestQuestionsAnswer')
export const testimonialOutput = z
  .object({ testimonial: z.string(), ...chargeFields })
  .openapi('AssembleTestimonialAnswer')
export const polishedOutput = z
  .object({ text: z.string(), ...chargeFields })
  .openapi('PolishTestimonialAnswer')

/** Header of the three routes. */
export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({ description: 'The same key and body give the first answer for 48 hours, charged once.' }),
})

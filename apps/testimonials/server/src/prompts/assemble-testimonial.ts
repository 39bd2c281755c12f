import { z } from 'zod'
import { dataBlock, dataRule } from '../untrusted-text.ts'
import { outputTokens, type Prompt, type Quality, shapeOf } from './prompt.ts'

export const tones = ['professional', 'friendly', 'enthusiastic', 'casual'] as const
export type Tone = (typeof tones)[number]

export const lengths = ['short', 'medium', 'long'] as const
export type Length = (typeof lengths)[number]

/** About how many words each length has. */
export const wordsOf: Record<Length, number> = { short: 45, medium: 90, long: 160 }

const answer = z.object({ testimonial: z.string().trim().min(10).max(4000) })

const toneRules: Record<Tone, string> = {
  professional: 'measured and concrete, no exclamation marks',
  friendly: 'warm and plain, as one would tell a colleague',
  enthusiastic: 'glad and lively, at most one exclamation mark',
  casual: 'relaxed and short, contractions welcome',
}

const instructions = `You edit customer testimonials. Out of a customer's answers to a few questions you assemble one
testimonial that the customer would recognize as their own words and sign.

Rules:
- Write in the first person, in the language of the answers.
- Keep the customer's own phrases wherever they are good; join and order them, mend grammar, drop repetitions.
- Order: what it was like before, what changed, the result, whom it suits. Leave out what was not answered.
- Every fact, name, number and feeling must come from the answers. Invent nothing, round nothing up, promise nothing.
- If an answer is critical, keep it fair; do not turn it into praise.
- Name the product once or twice, spelled as given. No headings, no quotation marks around the whole, no hashtags.
- Do not repeat the questions.

${dataRule}

Answer with one JSON object and nothing else: {"testimonial": "…"}`

/** A testimonial out of a customer's answers. */
export function assembleTestimonial(
  data: {
    productName: string
    answers: readonly { question: string; answer: string }[]
    tone: Tone
    length: Length
  },
  quality: Quality,
): Prompt<z.infer<typeof answer>> {
  const words = wordsOf[data.length]
  return {
    name: 'testimonial',
    instructions,
    prompt: `Tone: ${data.tone} (${toneRules[data.tone]}).
Length: about ${words} words, fewer if the answers give no more.

${dataBlock({ productName: data.productName, answers: data.answers })}

Assemble the testimonial.`,
    shape: shapeOf('testimonial', { type: 'string', description: 'The testimonial, plain text' }),
    answer,
    maxOutputTokens: outputTokens(words, quality),
  }
}

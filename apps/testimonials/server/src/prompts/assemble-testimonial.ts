import { z } from 'zod'
import { dataBlock, dataRule } from '../untrusted-text.ts'
import { modelText } from './model-text.ts'
import { outputTokens, type Prompt, type Quality, shapeOf } from './prompt.ts'

export const tones = ['professional', 'friendly', 'enthusiastic', 'casual'] as const
export type Tone = (typeof tones)[number]

export const lengths = ['short', 'medium', 'long'] as const
export type Length = (typeof lengths)[number]

/** About how many words each length has. */
export const wordsOf: Record<Length, number> = { short: 45, medium: 90, long: 160 }

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

const answer = z.object({ testimonial: modelText({ min: 10, max: 4000, instructions }) })

/** How a customer may have a text changed, by a chip. */
export const refinements = ['briefer', 'longer', 'warmer', 'more_formal', 'more_casual'] as const
export type Refinement = (typeof refinements)[number]

const refinementRules: Record<Refinement, { tone?: Tone; length?: Length; rule: string }> = {
  briefer: { length: 'short', rule: 'clearly shorter: keep the two or three points that tell most' },
  longer: { length: 'long', rule: 'longer: bring in what the answers tell beside it, and nothing else' },
  warmer: { tone: 'enthusiastic', rule: 'warmer in wording; the facts and their weight stay' },
  more_formal: { tone: 'professional', rule: 'more formal in wording' },
  more_casual: { tone: 'casual', rule: 'more casual in wording' },
}

/** A wish of the customer for another version of a text that they have. */
export interface Refining {
  refinement: Refinement
  previousText: string
}

/** Tone and length of another version: as wished, else about as the text was. */
export function refinedStyle({ refinement, previousText }: Refining): { tone: Tone; length: Length } {
  const words = previousText.split(/\s+/).length
  const length = lengths.find((name) => words <= wordsOf[name] * 1.3) ?? 'long'
  const wished = refinementRules[refinement]
  return { tone: wished.tone ?? 'friendly', length: wished.length ?? length }
}

/** A testimonial out of a customer's answers; with `refining` another version of one. */
export function assembleTestimonial(
  data: {
    productName: string
    answers: readonly { question: string; answer: string }[]
    tone: Tone
    length: Length
    refining?: Refining | undefined
  },
  quality: Quality,
): Prompt<z.infer<typeof answer>> {
  const { refining } = data
  const words = wordsOf[data.length]
  const block = { productName: data.productName, answers: data.answers }
  const task =
    refining === undefined
      ? 'Assemble the testimonial.'
      : `Write previousText anew, ${refinementRules[refining.refinement].rule}. What it says beyond the answers is left out.`
  return {
    name: 'testimonial',
    instructions,
    prompt: `Tone: ${data.tone} (${toneRules[data.tone]}).
Length: about ${words} words, fewer if the answers give no more.

${dataBlock(refining === undefined ? block : { ...block, previousText: refining.previousText })}

${task}`,
    shape: shapeOf('testimonial', { type: 'string', description: 'The testimonial, plain text' }),
    answer,
    maxOutputTokens: outputTokens(words, quality),
  }
}

import { z } from 'zod'
import { dataBlock, dataRule } from '../untrusted-text.ts'
import { modelText } from './model-text.ts'
import { outputTokens, type Prompt, type Quality, shapeOf } from './prompt.ts'

const instructions = `You help a company to ask its customers for a testimonial. You write the questions of a short form.

Rules:
- Open questions that a customer can answer in two or three sentences from memory; one thing per question.
- Together they cover, in this order: the situation before, why this product, what changed, a concrete result
  (a number, if there is one), what stands out, whom they would recommend it to. With fewer questions, keep the
  most telling ones.
- Specific to what the product does; name it where that reads naturally. No leading or yes-no questions.
- Each question under 25 words, polite and plain, in the language of the product description.

${dataRule}

Answer with one JSON object and nothing else: {"questions": ["…", "…"]}`

/** Questions that bring out a useful testimonial. */
export function suggestQuestions(
  data: { productName: string; productDescription: string; count: number },
  quality: Quality,
): Prompt<{ questions: string[] }> {
  const { count } = data
  return {
    name: 'questions',
    instructions,
    prompt: `Number of questions: exactly ${count}.

${dataBlock({ productName: data.productName, productDescription: data.productDescription })}

Write the questions.`,
    shape: shapeOf('questions', { type: 'array', items: { type: 'string' } }),
    answer: z.object({ questions: z.array(modelText({ min: 8, max: 300, instructions })).length(count) }),
    maxOutputTokens: outputTokens(count * 30, quality),
  }
}

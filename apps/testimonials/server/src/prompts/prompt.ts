import type { JSONSchema7 } from '@ai-sdk/provider'
import type { z } from 'zod'

export type Quality = 'fast' | 'enhanced' | 'premium'

/** One task for a model: what it is told, what it may answer, and how long. */
export interface Prompt<Answer> {
  /** Names the task to the provider, such as `testimonial`. */
  name: string
  instructions: string
  prompt: string
  /** The shape of the answer as providers are told it: types only, since they differ in what else they take. */
  shape: JSONSchema7
  /** What an answer must be to be passed on; an answer that is not is asked for once more. */
  answer: z.ZodType<Answer>
  /** Most output tokens, thinking included; within the capability's output cap. */
  maxOutputTokens: number
}

/** Tokens that a model may think before it writes. */
const thinkingTokens: Record<Quality, number> = { fast: 400, enhanced: 900, premium: 1500 }

/** Output tokens for so many words and the thinking before them. */
export function outputTokens(words: number, quality: Quality): number {
  return Math.ceil(words * 2) + thinkingTokens[quality]
}

/** How hard models think at each level. */
export const reasoning: Record<Quality, 'none' | 'low'> = {
  fast: 'none',
  enhanced: 'low',
  premium: 'low',
}

/** An object whose only property is a text or a list of texts. */
export function shapeOf(property: string, value: JSONSchema7): JSONSchema7 {
  return {
    type: 'object',
    properties: { [property]: value },
    required: [property],
    additionalProperties: false,
  }
}

import { createRoute } from '@hono/zod-openapi'
import { createRouter, creditHeaders, jsonAnswer, jsonBody, protect, refusals } from '@stipend/server'
import { assembleTestimonial } from '../prompts/assemble-testimonial.ts'
import { polishTestimonial } from '../prompts/polish-testimonial.ts'
import { suggestQuestions } from '../prompts/suggest-questions.ts'
import {
  assembleTestimonialInput,
  idempotencyHeader,
  polishedOutput,
  polishTestimonialInput,
  questionsOutput,
  suggestQuestionsInput,
  testimonialOutput,
} from './ai-schemas.ts'
import { type Generation, meteredGeneration } from './metered-generation.ts'

const shared = { method: 'post' as const, tags: ['Testimonials'] }
const access = protect({ scopes: ['ai:run'], target: 'organization' })

const suggestRoute = createRoute({
  ...shared,
  path: '/ai/suggest-questions',
  summary: 'Questions that bring out a useful testimonial',
  ...access,
  request: { headers: idempotencyHeader, body: jsonBody(suggestQuestionsInput) },
  responses: {
    200: { ...jsonAnswer(questionsOutput, 'The questions and what they cost'), headers: creditHeaders },
    ...refusals,
  },
})

const assembleRoute = createRoute({
  ...shared,
  path: '/ai/assemble-testimonial',
  summary: "A testimonial out of a customer's answers",
  ...access,
  request: { headers: idempotencyHeader, body: jsonBody(assembleTestimonialInput) },
  responses: {
    200: { ...jsonAnswer(testimonialOutput, 'The testimonial and what it cost'), headers: creditHeaders },
    ...refusals,
  },
})

const polishRoute = createRoute({
  ...shared,
  path: '/ai/polish-testimonial',
  summary: 'A clearer version of a testimonial',
  ...access,
  request: { headers: idempotencyHeader, body: jsonBody(polishTestimonialInput) },
  responses: {
    200: { ...jsonAnswer(polishedOutput, 'The text and what it cost'), headers: creditHeaders },
    ...refusals,
  },
})

/** The product's three AI features. */
export function testimonialRoutes(generation: Generation) {
  const router = createRouter()
  router.openapi(suggestRoute, async (c) => {
    const body = c.req.valid('json')
    const { quality, ...data } = body
    const prompt = suggestQuestions(data, quality ?? 'fast')
    const call = { capability: 'question_generation', quality, prompt, body }
    return c.json(await meteredGeneration(c, generation, call), 200)
  })
  router.openapi(assembleRoute, async (c) => {
    const body = c.req.valid('json')
    const { quality, ...data } = body
    const prompt = assembleTestimonial(data, quality ?? 'fast')
    const call = { capability: 'testimonial_assembly', quality, prompt, body }
    return c.json(await meteredGeneration(c, generation, call), 200)
  })
  router.openapi(polishRoute, async (c) => {
    const body = c.req.valid('json')
    const { quality, text, instruction } = body
    const prompt = polishTestimonial({ text, instruction: instruction ?? null }, quality ?? 'fast')
    const call = { capability: 'testimonial_polish', quality, prompt, body }
    return c.json(await meteredGeneration(c, generation, call), 200)
  })
  return router
}

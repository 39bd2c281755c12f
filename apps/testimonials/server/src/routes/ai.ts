import { createRoute, z } from '@hono/zod-openapi'
import { createRouter, creditHeaders, jsonAnswer, jsonBody, protect, refusals } from '@stipend/server'
import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { assembleTestimonial } from '../prompts/assemble-testimonial.ts'
import { polishTestimonial } from '../prompts/polish-testimonial.ts'
import { suggestQuestions } from '../prompts/suggest-questions.ts'
import type { TestimonialsStipend } from '../testimonials.ts'
import {
  assembleTestimonialInput,
  idempotencyHeader,
  polishedOutput,
  polishTestimonialInput,
  questionsOutput,
  suggestQuestionsInput,
  testimonialOutput,
} from './ai-schemas.ts'
import { generateAnswer, streamAnswer } from './generation.ts'

/** The answer, or with `Accept: text/event-stream` its text as it comes and then the answer. */
function jsonOrEvents<Schema extends z.ZodType>(schema: Schema, description: string) {
  const { content } = jsonAnswer(schema, description)
  const events = z.string().openapi({
    description:
      'Events `text` {"delta"} as the text comes; at the end `done` with the JSON answer, or `problem`.',
    example: 'event: text\ndata: {"delta":"Our guests"}\n\n',
  })
  return { description, content: { ...content, 'text/event-stream': { schema: events } } }
}

const shared = { method: 'post' as const, tags: ['Testimonials'] }
const access = protect({ role: 'member', scopes: ['ai:run'], target: 'organization' })

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
    200: { ...jsonOrEvents(testimonialOutput, 'The testimonial and what it cost'), headers: creditHeaders },
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
    200: { ...jsonOrEvents(polishedOutput, 'The text and what it cost'), headers: creditHeaders },
    ...refusals,
  },
})

/** The product's three AI features; the two that write text stream it where the caller accepts events. */
export function testimonialRoutes(stipend: TestimonialsStipend) {
  const router = createRouter()
  router.openapi(suggestRoute, async (c) => {
    const body = c.req.valid('json')
    const { quality, ...data } = body
    const prompt = suggestQuestions(data, quality ?? 'fast')
    const task = { capability: 'question_generation', quality, prompt, body } as const
    return c.json(await generateAnswer(c, stipend, task), 200)
  })
  router.openapi(assembleRoute, async (c) => {
    const body = c.req.valid('json')
    const { quality, ...data } = body
    const prompt = assembleTestimonial(data, quality ?? 'fast')
    const task = { capability: 'testimonial_assembly', quality, prompt, body } as const
    if (acceptsEvents(c))
      return await streamAnswer(c, stipend, { ...task, textOf: (answer) => answer.testimonial })
    return c.json(await generateAnswer(c, stipend, task), 200)
  })
  router.openapi(polishRoute, async (c) => {
    const body = c.req.valid('json')
    const { quality, text, instruction } = body
    const prompt = polishTestimonial({ text, instruction: instruction ?? null }, quality ?? 'fast')
    const task = { capability: 'testimonial_polish', quality, prompt, body } as const
    if (acceptsEvents(c)) return await streamAnswer(c, stipend, { ...task, textOf: (answer) => answer.text })
    return c.json(await generateAnswer(c, stipend, task), 200)
  })
  return router
}

function acceptsEvents(c: Context): boolean {
  return (
    accepts(c, {
      header: 'Accept',
      supports: ['application/json', 'text/event-stream'],
      default: 'application/json',
    }) === 'text/event-stream'
  )
}

import { z } from '@hono/zod-openapi'
import { problemSchema, textInput } from '@stipend/server'
import { type Form, maxQuestions } from '../forms/form.ts'
import { refinements } from '../prompts/assemble-testimonial.ts'
import { plainText } from '../prompts/model-text.ts'
import { cleanText } from '../untrusted-text.ts'
import { strangersText } from './ai-schemas.ts'
import { questionOutput } from './form-schemas.ts'

const maxAnswer = 4000
const answerRule = `must be a text of at most ${maxAnswer} characters`

/** May be empty: a question that was left out. */
const answerText = z
  .string()
  .max(maxAnswer * 2, answerRule)
  .transform(cleanText)
  .pipe(z.string().max(maxAnswer, answerRule))
  .openapi({ type: 'string', maxLength: maxAnswer, example: 'Our guests noticed within a week.' })

const answerInput = z
  .strictObject({
    questionId: textInput(20).optional().openapi({ example: 'q1' }),
    question: strangersText(500, 'What has changed?')
      .optional()
      .openapi({ description: 'Or its text, as the form has it.' }),
    answer: answerText,
  })
  .refine(
    ({ questionId, question }) => (questionId === undefined) !== (question === undefined),
    'must name the question by questionId or by question, one of them',
  )
  .openapi('PublicAnswer')

export type AnswerInput = z.output<typeof answerInput>

const answersInput = z.array(answerInput).max(maxQuestions, `must hold at most ${maxQuestions} answers`)

export const publicAssembleInput = z
  .strictObject({
    answers: answersInput.min(1, 'must hold at least one answer'),
    refinement: z
      .enum(refinements)
      .optional()
      .openapi({ description: 'Another version of previousText; each counts as a generation.' }),
    previousText: strangersText(4000, 'Our guests noticed within a week.').optional(),
  })
  .refine(({ refinement, previousText }) => (refinement === undefined) === (previousText === undefined), {
    message: 'belongs to refinement: give both or neither',
    path: ['previousText'],
  })
  .openapi('PublicAssembleRequest')

export const publicSubmitInput = z
  .strictObject({
    text: strangersText(4000, 'Our guests noticed within a week.').openapi({
      description: 'What the customer ends with, written by hand or assembled.',
    }),
    answers: answersInput.optional(),
    name: strangersText(120, 'Ada').optional().openapi({ description: 'How to name the customer.' }),
    draftId: textInput(100)
      .optional()
      .openapi({ description: 'Of the assembled text, where there was one.' }),
  })
  .transform((body) => ({ ...body, text: plainText(body.text) }))
  .refine(({ text }) => text !== '', { message: 'must not be empty', path: ['text'] })
  .openapi('PublicSubmitRequest')

const identityFields = {
  identity: z.enum(['verified', 'anonymous']),
  notice: z.string().nullable().openapi({ description: 'Why a token that was sent does not count.' }),
}

export const publicFormOutput = z
  .object({
    id: z.string(),
    name: z.string(),
    productName: z.string(),
    productDescription: z.string(),
    questions: z.array(questionOutput),
    isOpen: z.boolean(),
    aiAvailable: z.boolean(),
    generationsRemaining: z.int(),
    refinements: z.array(z.enum(refinements)),
    signIn: z
      .object({
        issuer: z.string(),
        clientId: z.string(),
        authorizationUrl: z.string().nullable().openapi({
          description: 'Where a page sends people for an ID token; null: the page has its own way.',
        }),
      })
      .nullable()
      .openapi({ description: 'Whose ID tokens are accepted; null: nobody can sign in.' }),
    ...identityFields,
  })
  .openapi('PublicForm')

export const publicTestimonialOutput = z
  .object({
    testimonial: z.string(),
    simulated: z.boolean(),
    draftId: z
      .string()
      .nullable()
      .openapi({ description: 'To send with the text that the customer ends with.' }),
    generationsRemaining: z.int(),
    ...identityFields,
  })
  .openapi('PublicAssembleAnswer')

export const publicSubmittedOutput = z
  .object({
    id: z.string(),
    status: z.literal('submitted'),
    madeBy: z.enum(['ai', 'manual']),
    ...identityFields,
  })
  .openapi('PublicSubmitAnswer')

const publicProblem = problemSchema
  .extend({
    canWriteByHand: z.boolean().optional(),
    generationsRemaining: z.int().optional(),
    nextAt: z.string().optional(),
  })
  .openapi('PublicProblem', { additionalProperties: true })

/** The refusals of public routes, for their `responses`. */
export const publicRefusals = {
  default: {
    description: 'A refusal: ai_unavailable, customer_limit_exceeded, form_closed, invalid_request …',
    content: { 'application/problem+json': { schema: publicProblem } },
  },
}

/** A form as anybody sees it. */
export function publicFormFields({ id, name, productName, productDescription, questions, isOpen }: Form) {
  return { id, name, productName, productDescription, questions, isOpen, refinements: [...refinements] }
}

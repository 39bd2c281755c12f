import { z } from '@hono/zod-openapi'
import { textInput, timeOutput } from '@stipend/server'
import { type Form, maxQuestions } from '../forms/form.ts'
import type { Submission } from '../forms/submission.ts'
import { type Testimonial, testimonialStatuses } from '../forms/testimonial.ts'
import { strangersText } from './ai-schemas.ts'

const questionText = strangersText(500, 'What has changed since you started?')
const productDescription = strangersText(2000, 'Freshly roasted beans for cafés, by subscription.')

const questionInput = z
  .strictObject({
    id: textInput(20)
      .optional()
      .openapi({ description: 'Of a question that stands; without it is a new one.' }),
    text: questionText,
  })
  .openapi('QuestionInput')

const questionsInput = z.array(questionInput).max(maxQuestions, `must hold at most ${maxQuestions} questions`)

const formFields = {
  name: strangersText(120, 'After the first delivery'),
  productName: strangersText(120, 'Lumen Coffee'),
  productDescription,
  questions: questionsInput,
  isOpen: z.boolean(),
}

export const createFormInput = z
  .strictObject({
    ...formFields,
    productDescription: productDescription.optional(),
    questions: questionsInput.optional(),
    isOpen: z.boolean().optional().openapi({ default: true }),
  })
  .openapi('CreateFormRequest')

export const updateFormInput = z
  .strictObject(formFields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field')
  .openapi('UpdateFormRequest')

export const addQuestionsInput = z
  .strictObject({
    questions: z.array(questionText).min(1, 'must hold at least one question').max(maxQuestions),
  })
  .openapi('AddQuestionsRequest')

export const questionOutput = z.object({ id: z.string(), text: z.string() }).openapi('Question')

export const formOutput = z
  .object({
    id: z.string(),
    name: z.string(),
    productName: z.string(),
    productDescription: z.string(),
    questions: z.array(questionOutput),
    isOpen: z.boolean(),
    publicPath: z.string().openapi({ description: 'Of the public form at this server, for programs.' }),
    pagePath: z.string().openapi({ description: 'Of its page, for people.' }),
    lastInterruption: z
      .object({ reason: z.string(), at: timeOutput })
      .nullable()
      .openapi({ description: 'When a customer last could not have AI help, and why; once an hour.' }),
    createdAt: timeOutput,
    updatedAt: timeOutput,
  })
  .openapi('Form')

export function formJson({ organizationId: _, lastInterruption, createdAt, updatedAt, ...form }: Form) {
  return {
    ...form,
    publicPath: `/public/forms/${form.id}`,
    pagePath: `/f/${form.id}`,
    lastInterruption: lastInterruption && {
      reason: lastInterruption.reason,
      at: lastInterruption.at.toISOString(),
    },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  }
}

export const submissionOutput = z
  .object({
    id: z.string(),
    formId: z.string(),
    answers: z.array(z.object({ question: z.string(), answer: z.string() })),
    customer: z.object({
      id: z.string().nullable().openapi({ description: 'null: not signed in. Else as in the ledger.' }),
      name: z.string().nullable(),
      email: z.string().nullable(),
    }),
    createdAt: timeOutput,
  })
  .openapi('Submission')

export function submissionJson({ createdAt, ...submission }: Submission) {
  return { ...submission, createdAt: createdAt.toISOString() }
}

export const testimonialRecord = z
  .object({
    id: z.string(),
    formId: z.string(),
    submissionId: z.string().nullable(),
    status: z.enum(testimonialStatuses),
    madeBy: z.enum(['ai', 'manual']),
    text: z.string(),
    customerName: z.string().nullable(),
    reservationId: z.string().nullable(),
    createdAt: timeOutput,
    updatedAt: timeOutput,
    publishedAt: timeOutput.nullable(),
  })
  .openapi('Testimonial')

export function testimonialJson({ createdAt, updatedAt, publishedAt, ...testimonial }: Testimonial) {
  return {
    ...testimonial,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    publishedAt: publishedAt === null ? null : publishedAt.toISOString(),
  }
}

import { hash } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { invalid, StipendError } from '@stipend/engine'
import {
  createRouter,
  idempotencyKeyOf,
  jsonAnswer,
  jsonBody,
  type StipendEnv,
  textInput,
} from '@stipend/server'
import type { Context } from 'hono'
import type { Pool } from 'pg'
import { tellInterruption } from '../forms/ai-interruption.ts'
import { type Form, findForm } from '../forms/form.ts'
import { type GeneratedTestimonial, generateTestimonial } from '../forms/generate-testimonial.ts'
import type { FormSettings } from '../forms/settings.ts'
import { type Answer, submit } from '../forms/submission.ts'
import { keepDraft } from '../forms/testimonial.ts'
import type { Customer } from '../identity/customer.ts'
import { outputTokens } from '../prompts/prompt.ts'
import type { TestimonialsStipend } from '../testimonials.ts'
import { idempotencyHeader } from './ai-schemas.ts'
import { createIdentify, type IdentifyCustomer } from './identify-customer.ts'
import { aiUnavailable, formClosed, handlePublicError, limitReached, tooManyTexts } from './public-refusal.ts'
import {
  type AnswerInput,
  publicAssembleInput,
  publicFormFields,
  publicFormOutput,
  publicRefusals,
  publicSubmitInput,
  publicSubmittedOutput,
  publicTestimonialOutput,
} from './public-schemas.ts'

const params = z.object({ id: textInput() })
/** Not signed in, or with an ID token. */
const shared = { tags: ['Public forms'], security: [{}, { customer: [] }] }

const getRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/public/forms/{id}',
  summary: 'A form as its customers see it',
  request: { params },
  responses: { 200: jsonAnswer(publicFormOutput, 'The form'), ...publicRefusals },
})

const assembleRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/public/forms/{id}/assemble-testimonial',
  summary: 'A text out of answers, or another version of one',
  request: { params, headers: idempotencyHeader, body: jsonBody(publicAssembleInput) },
  responses: { 200: jsonAnswer(publicTestimonialOutput, 'The text'), ...publicRefusals },
})

const submitRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/public/forms/{id}/testimonials',
  summary: 'Send the text that the customer ends with',
  request: { params, body: jsonBody(publicSubmitInput) },
  responses: { 201: jsonAnswer(publicSubmittedOutput, 'It has arrived'), ...publicRefusals },
})

/** Forms as customers meet them, without an account. */
export function publicFormRoutes(given: {
  database: Pool
  settings: FormSettings
  stipend: TestimonialsStipend
}) {
  const { settings, stipend } = given
  const identify = createIdentify(given.database, settings)
  const router = createRouter()
  router.onError(handlePublicError)
  router.openAPIRegistry.registerComponent('securitySchemes', 'customer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "A customer's OpenID Connect ID token.",
  })
  router.openapi(getRoute, async (c) => {
    const form = await findForm(c.var.database, c.req.valid('param').id)
    const customer = await identify(c, form)
    const { issuers, audience, authorizationUrl } = settings.idTokens
    const [issuer = ''] = issuers
    return c.json(
      {
        ...publicFormFields(form),
        aiAvailable: form.isOpen && (await isAiAvailable(c, form)),
        generationsRemaining: await generationsRemaining(c, form, customer),
        signIn:
          audience === undefined
            ? null
            : { issuer, clientId: audience, authorizationUrl: authorizationUrl?.href ?? null },
        ...identityOf(customer),
      },
      200,
    )
  })
  router.openapi(assembleRoute, async (c) => {
    const { form, customer } = await requireOpen(c, identify, c.req.valid('param').id)
    const { refinement, previousText, answers } = c.req.valid('json')
    const { testimonial, simulated, reservationId } = await generate(c, stipend, {
      form,
      customer,
      answers: requireAnswers(form, answers),
      refining: refinement && previousText ? { refinement, previousText } : undefined,
    })
    const draft = { form, customer, text: testimonial, reservationId }
    const draftId = await keepDraft(c.var.database, draft).catch(lostDraft(c))
    const remaining = await generationsRemaining(c, form, customer)
    const fields = { testimonial, simulated, draftId, generationsRemaining: remaining }
    return c.json({ ...fields, ...identityOf(customer) }, 200)
  })
  router.openapi(submitRoute, async (c) => {
    const { form, customer } = await requireOpen(c, identify, c.req.valid('param').id)
    const { answers = [], ...body } = c.req.valid('json')
    const limit = settings.limits.submissionsPerSender
    const input = { form, customer, answers: answersOf(form, answers), limit, ...body }
    const { testimonialId, madeBy } = await submit(c.var.database, input).catch((error: unknown) => {
      const isLimit = error instanceof StipendError && error.code === 'customer_limit_exceeded'
      throw isLimit ? tooManyTexts(customer, error) : error
    })
    return c.json({ id: testimonialId, status: 'submitted' as const, madeBy, ...identityOf(customer) }, 201)
  })
  return router
}

async function requireOpen(c: Context<StipendEnv>, identify: IdentifyCustomer, id: string) {
  const form = await findForm(c.var.database, id)
  if (!form.isOpen) throw formClosed()
  return { form, customer: await identify(c, form) }
}

const identityOf = ({ identity, notice }: Customer) => ({ identity, notice })

/** Generates within the customer's limits; a refusal becomes one for customers, and the organization is told. */
async function generate(
  c: Context<StipendEnv>,
  stipend: TestimonialsStipend,
  call: {
    form: Form
    customer: Customer
    answers: Answer[]
    refining: Parameters<typeof generateTestimonial>[1]['refining']
  },
): Promise<GeneratedTestimonial> {
  const { customer, form } = call
  const { actor, limits, sender } = customer
  const key = idempotencyKeyOf(c)
  // Keys of strangers meet neither each other's nor the organization's.
  const idempotencyKey = key && `public:${hash('sha256', JSON.stringify([form.id, sender, key]))}`
  try {
    return await generateTestimonial(stipend, { ...call, actor, limits, idempotencyKey })
  } catch (error) {
    await tell(c, form, error)
    throw refusalOf(error, customer) ?? error
  }
}

/** Of what is no business of the organization's, it is not told. */
const untold: ReadonlySet<string> = new Set([
  'customer_limit_exceeded',
  'idempotency_mismatch',
  'request_in_flight',
  'replay_expired',
  'invalid_request',
  'organization_not_found',
  'overloaded',
  'database_unavailable',
  'internal',
])

async function tell(c: Context<StipendEnv>, form: Form, error: unknown): Promise<void> {
  if (!(error instanceof StipendError) || untold.has(error.code)) return
  const { database, engine, requestId, logger } = c.var
  await tellInterruption(database, engine, form, error).catch((failure: unknown) => {
    const code = failure instanceof StipendError ? failure.code : 'internal'
    logger?.error({ requestId, code }, 'the organization was not told')
  })
}

/** For customers; null where the error says nothing of the organization. */
function refusalOf(error: unknown, customer: Customer): Error | null {
  if (!(error instanceof StipendError)) return null
  switch (error.code) {
    case 'customer_limit_exceeded':
      return limitReached(customer, error)
    case 'idempotency_mismatch':
    case 'request_in_flight':
    case 'invalid_request':
    case 'internal':
      return null
    default:
      return aiUnavailable(customer)
  }
}

/** A text that was paid for reaches its customer, though it could not be kept. */
function lostDraft(c: Context<StipendEnv>): (error: unknown) => null {
  return (error) => {
    const { requestId, logger } = c.var
    logger?.error({ requestId, code: error instanceof StipendError ? error.code : 'internal' }, 'draft lost')
    return null
  }
}

/** Whether the organization could pay for a text of middling length now. */
async function isAiAvailable(c: Context<StipendEnv>, form: Form): Promise<boolean> {
  const decision = await c.var.engine.checkAIAccess({
    organizationId: form.organizationId,
    capability: 'testimonial_assembly',
    formId: form.id,
    promptTokens: 1500,
    maxOutputTokens: outputTokens(90, 'fast'),
  })
  return decision.isAllowed
}

async function generationsRemaining(
  c: Context<StipendEnv>,
  { organizationId }: Form,
  { limits }: Customer,
): Promise<number> {
  const uses = await c.var.engine.getCustomerLimits({ organizationId, limits })
  return Math.min(...uses.map(({ remaining }) => remaining))
}

function requireAnswers(form: Form, given: readonly AnswerInput[]): Answer[] {
  const answers = answersOf(form, given)
  if (answers.length === 0) throw invalid('answers', 'must hold at least one answer that is not empty')
  return answers
}

/** The answers that are not empty, with the questions as the form has them. */
function answersOf({ questions }: Form, given: readonly AnswerInput[]): Answer[] {
  return given.flatMap(({ questionId, question, answer }, index) => {
    const asked = questions.find(({ id, text }) => id === questionId || text === question)
    if (asked === undefined) {
      const field = questionId === undefined ? 'question' : 'questionId'
      throw invalid(`answers.${index}.${field}`, 'must be one of the questions of this form')
    }
    return answer === '' ? [] : [{ question: asked.text, answer }]
  })
}

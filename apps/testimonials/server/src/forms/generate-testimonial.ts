import type { Actor, CustomerLimit } from '@stipend/engine'
import { assembleTestimonial, type Refining, refinedStyle } from '../prompts/assemble-testimonial.ts'
import { executeMetered, type Generation, type Services } from '../routes/metered-generation.ts'
import type { Form } from './form.ts'
import type { Answer } from './submission.ts'

export interface GenerateTestimonialInput {
  form: Form
  answers: readonly Answer[]
  /** Another version of a text that the customer has. */
  refining?: Refining | undefined
  actor: Actor
  /** Of this customer, in 24 hours. */
  limits: readonly CustomerLimit[]
  idempotencyKey: string | undefined
}

/** An assembled text. What it cost is the organization's to know. */
export interface GeneratedTestimonial {
  testimonial: string
  simulated: boolean
  reservationId: string
}

/** A testimonial for a customer of a public form, charged to the organization. @throws StipendError with the refusal */
export async function generateTestimonial(
  services: Services,
  generation: Generation,
  input: GenerateTestimonialInput,
): Promise<GeneratedTestimonial> {
  const { form, answers, refining } = input
  const style =
    refining === undefined ? ({ tone: 'friendly', length: 'medium' } as const) : refinedStyle(refining)
  const { answer } = await executeMetered(services, generation, {
    capability: 'testimonial_assembly',
    quality: undefined,
    prompt: assembleTestimonial({ productName: form.productName, answers, refining, ...style }, 'fast'),
    body: { answers, refining },
    caller: {
      organizationId: form.organizationId,
      formId: form.id,
      actor: input.actor,
      subject: { type: 'form', id: form.id, name: form.name },
      customerLimits: input.limits,
      idempotencyKey: input.idempotencyKey,
    },
  })
  return { testimonial: answer.testimonial, simulated: answer.simulated, reservationId: answer.reservationId }
}

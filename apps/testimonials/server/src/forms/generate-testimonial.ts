import type { Actor, CustomerLimit } from '@stipend/engine'
import { assembleTestimonial, type Refining, refinedStyle } from '../prompts/assemble-testimonial.ts'
import { generateFor } from '../routes/generation.ts'
import type { TestimonialsStipend } from '../testimonials.ts'
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
  stipend: TestimonialsStipend,
  input: GenerateTestimonialInput,
): Promise<GeneratedTestimonial> {
  const { form, answers, refining } = input
  const style =
    refining === undefined ? ({ tone: 'friendly', length: 'medium' } as const) : refinedStyle(refining)
  const caller = {
    organizationId: form.organizationId,
    formId: form.id,
    actor: input.actor,
    subject: { type: 'form', id: form.id, name: form.name },
    customerLimits: input.limits,
    idempotencyKey: input.idempotencyKey,
  }
  const { answer, receipt } = await generateFor(caller, stipend, {
    capability: 'testimonial_assembly',
    quality: undefined,
    prompt: assembleTestimonial({ productName: form.productName, answers, refining, ...style }, 'fast'),
    body: { answers, refining },
  })
  return {
    testimonial: answer.testimonial,
    simulated: receipt.simulated,
    reservationId: receipt.reservationId,
  }
}

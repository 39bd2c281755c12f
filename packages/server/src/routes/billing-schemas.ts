import { z } from '@hono/zod-openapi'
import { errorOf } from '@stipend/engine'
import type { StripeContext } from '../stripe/context.ts'

export const billingInterval = z.enum(['month', 'year'])
export const centsOutput = z.int().openapi({ description: 'Cents of the currency.', example: 2900 })
export const cardSchema = z
  .object({ brand: z.string(), last4: z.string(), expiresMonth: z.int(), expiresYear: z.int() })
  .openapi('Card')

/** @throws StipendError `payments_not_configured` */
export function requirePayments(payments: StripeContext | undefined): StripeContext {
  if (payments === undefined) throw errorOf('payments_not_configured')
  return payments
}

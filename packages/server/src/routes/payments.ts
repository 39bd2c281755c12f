import { createRoute, z } from '@hono/zod-openapi'
import { type AutoTopup, creditsToNumber, type Payment } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsInput,
  creditsOutput,
  jsonAnswer,
  jsonBody,
  refusals,
  textInput,
  timeOrNull,
  timeOutput,
  wholeNumberQuery,
} from '../schemas.ts'
import type { StripeContext } from '../stripe/context.ts'
import { listInvoices } from '../stripe/invoices.ts'
import { centsOutput, requirePayments } from './billing-schemas.ts'

const shared = { tags: ['Billing'] }
const nextCursor = z.string().nullable().openapi({ description: 'Of the next page; null: the last.' })

const invoiceSchema = z
  .object({
    id: z.string(),
    number: z.string().nullable(),
    status: z.string().openapi({ description: 'open, paid, void or uncollectible.' }),
    totalCents: centsOutput,
    currency: z.string(),
    createdAt: timeOutput,
    periodStartsAt: timeOutput,
    periodEndsAt: timeOutput,
    hostedUrl: z.string().nullable(),
    pdfUrl: z.string().nullable(),
  })
  .openapi('Invoice')

const invoicesRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/billing/invoices',
  summary: 'Invoices of subscriptions, newest first',
  ...protectedRoute('GET /billing/invoices'),
  request: {
    query: z.strictObject({
      cursor: z
        .string()
        .regex(/^in_\w{1,100}$/, 'must be the nextCursor of a page')
        .optional(),
      limit: wholeNumberQuery(1, 100).optional(),
    }),
  },
  responses: {
    200: jsonAnswer(z.object({ invoices: z.array(invoiceSchema), nextCursor }), 'A page of invoices'),
    ...refusals,
  },
})

const paymentSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(['topup', 'auto_topup']),
    package: z.string(),
    credits: creditsOutput,
    amountCents: centsOutput,
    currency: z.string(),
    status: z
      .enum(['open', 'processing', 'paid', 'failed', 'expired', 'mismatch'])
      .openapi({ description: 'mismatch: what was paid is not what was asked for; nothing was granted.' }),
    refundedCents: centsOutput,
    disputedCents: centsOutput,
    clawedBackCredits: creditsOutput,
    sequence: z.int().nullable().openapi({ description: 'The ledger row that granted.' }),
    failureCode: z.string().nullable(),
    receiptUrl: z.string().nullable(),
    createdAt: timeOutput,
    paidAt: timeOutput.nullable(),
  })
  .openapi('Payment')

const paymentsRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/billing/payments',
  summary: 'Purchases of credits, newest first',
  ...protectedRoute('GET /billing/payments'),
  request: {
    query: z.strictObject({
      cursor: z.uuid('must be the nextCursor of a page').optional(),
      limit: wholeNumberQuery(1, 100).optional(),
    }),
  },
  responses: {
    200: jsonAnswer(z.object({ payments: z.array(paymentSchema), nextCursor }), 'A page of purchases'),
    ...refusals,
  },
})

const autoTopupFields = {
  enabled: z.boolean(),
  packageId: textInput(100),
  monthlyCeilingCents: z.int().min(1).max(100_000_000).openapi({
    description: 'The most that automatic purchases may cost in a calendar month (UTC), in US cents.',
  }),
}

const autoTopupSchema = z
  .object({
    enabled: z.boolean(),
    thresholdCredits: creditsOutput
      .nullable()
      .openapi({ description: 'Bought when the balance is below. null: never set.' }),
    packageId: z.string().nullable(),
    monthlyCeilingCents: z.int().nullable(),
    spentThisMonthCents: centsOutput,
    declines: z.int().openapi({ description: 'In a row. After three it stops.' }),
    nextAttemptAt: timeOutput.nullable(),
    stoppedAt: timeOutput.nullable().openapi({ description: 'Until it is set again.' }),
    stoppedReason: z.string().nullable(),
  })
  .openapi('AutoTopup')

const getAutoTopupRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/billing/auto-topup',
  summary: 'Automatic purchases of credits',
  ...protectedRoute('GET /billing/auto-topup'),
  responses: { 200: jsonAnswer(autoTopupSchema, 'How they are set'), ...refusals },
})

const putAutoTopupRoute = createRoute({
  ...shared,
  method: 'put',
  path: '/billing/auto-topup',
  summary: 'Set automatic purchases; off by default. Setting them starts them anew after they stopped',
  ...protectedRoute('PUT /billing/auto-topup'),
  request: { body: jsonBody(z.strictObject({ ...autoTopupFields, thresholdCredits: creditsInput })) },
  responses: { 200: jsonAnswer(autoTopupSchema, 'How they are set'), ...refusals },
})

/** What was paid, and what is paid by itself. */
export function paymentRoutes({ payments }: { payments: StripeContext | undefined }) {
  const router = createRouter()
  router.openapi(invoicesRoute, async (c) => {
    const context = requirePayments(payments)
    const { customerId } = await c.var.engine.billing.getState(organizationIdOf(c))
    if (customerId === null) return c.json({ invoices: [], nextCursor: null }, 200)
    const page = await listInvoices(context, { customerId, ...c.req.valid('query') })
    const invoices = page.invoices.map(({ createdAt, periodStartsAt, periodEndsAt, ...invoice }) => ({
      ...invoice,
      createdAt: createdAt.toISOString(),
      periodStartsAt: periodStartsAt.toISOString(),
      periodEndsAt: periodEndsAt.toISOString(),
    }))
    return c.json({ invoices, nextCursor: page.nextCursor }, 200)
  })
  router.openapi(paymentsRoute, async (c) => {
    const organizationId = organizationIdOf(c)
    const page = await c.var.engine.billing.listPayments({ organizationId, ...c.req.valid('query') })
    return c.json({ payments: page.payments.map(paymentJson), nextCursor: page.nextCursor }, 200)
  })
  router.openapi(getAutoTopupRoute, async (c) => {
    return c.json(autoTopupJson(await c.var.engine.billing.getAutoTopup(organizationIdOf(c))), 200)
  })
  router.openapi(putAutoTopupRoute, async (c) => {
    requirePayments(payments)
    const organizationId = organizationIdOf(c)
    const { packageId, ...input } = c.req.valid('json')
    const { billing } = c.var.engine
    await billing.putAutoTopup({ organizationId, package: packageId, ...input })
    return c.json(autoTopupJson(await billing.getAutoTopup(organizationId)), 200)
  })
  return router
}

function paymentJson(payment: Payment) {
  const { organizationId: _, stripePaymentIntentId: _intent, stripeSessionId: _session, ...shown } = payment
  return {
    ...shown,
    credits: creditsToNumber(payment.credits),
    clawedBackCredits: creditsToNumber(payment.clawedBackCredits),
    createdAt: payment.createdAt.toISOString(),
    paidAt: timeOrNull(payment.paidAt),
  }
}

function autoTopupJson(auto: AutoTopup | null) {
  return {
    enabled: auto?.enabled ?? false,
    thresholdCredits: auto === null ? null : creditsToNumber(auto.thresholdCredits),
    packageId: auto?.package ?? null,
    monthlyCeilingCents: auto?.monthlyCeilingCents ?? null,
    spentThisMonthCents: auto?.spentThisMonthCents ?? 0,
    declines: auto?.declines ?? 0,
    nextAttemptAt: timeOrNull(auto?.nextAttemptAt ?? null),
    stoppedAt: timeOrNull(auto?.stoppedAt ?? null),
    stoppedReason: auto?.stoppedReason ?? null,
  }
}

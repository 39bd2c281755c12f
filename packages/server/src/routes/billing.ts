import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, type PlanOffer } from '@stipend/engine'
import type { Context } from 'hono'
import { organizationIdOf, type StipendEnv } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  jsonBody,
  refusals,
  textInput,
  timeOrNull,
  timeOutput,
} from '../schemas.ts'
import { purchaseCredits } from '../stripe/checkout.ts'
import type { StripeContext } from '../stripe/context.ts'
import { cardOf } from '../stripe/customers.ts'
import { cancelPlan, downgradePlan, previewPlan, resumePlan, upgradePlan } from '../stripe/plan-changes.ts'
import { openPortal } from '../stripe/portal.ts'
import { capabilityJson, capabilitySchema } from './ai.ts'
import { billingInterval, cardSchema, centsOutput, requirePayments } from './billing-schemas.ts'

const shared = { tags: ['Billing'] }

const planSchema = z
  .object({
    plan: z.string(),
    name: z.string(),
    priceUsdCents: z.int().openapi({ description: 'A month.' }),
    annualPriceUsdCents: z
      .int()
      .nullable()
      .openapi({ description: 'A year, paid at once; null: not sold so.' }),
    monthlyCredits: creditsOutput.nullable().openapi({ description: 'null: unlimited.' }),
    welcomeBonus: creditsOutput,
    isCurrent: z.boolean(),
    capabilities: z.array(capabilitySchema),
  })
  .openapi('Plan')

const pendingSchema = z
  .object({ plan: z.string(), changesAt: timeOutput.nullable() })
  .nullable()
  .openapi({ description: 'A change that takes effect later.' })

const plansRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/billing/plans',
  summary: 'The plans on offer, cheapest first, and where the organization stands',
  ...protectedRoute('GET /billing/plans'),
  responses: {
    200: jsonAnswer(
      z.object({ current: z.string(), pending: pendingSchema, plans: z.array(planSchema) }),
      'The plans',
    ),
    ...refusals,
  },
})

const subscriptionSchema = z
  .object({
    plan: z.string(),
    status: z.enum(['active', 'past_due', 'suspended']),
    interval: billingInterval.nullable().openapi({ description: 'null: no subscription runs.' }),
    paidUntil: timeOutput.nullable(),
    cancelsAt: timeOutput.nullable(),
    pending: pendingSchema,
    paymentFailed: z
      .object({
        since: timeOutput,
        amountCents: centsOutput,
        currency: z.string(),
        payUrl: z
          .string()
          .nullable()
          .openapi({ description: 'Where it can be paid; for admins and owners.' }),
      })
      .nullable(),
    card: cardSchema.nullable().openapi({ description: 'For admins and owners; null for others too.' }),
    payments: z
      .enum(['stripe', 'stripe_test', 'sandbox', 'none'])
      .openapi({ description: 'Who takes payments; in a sandbox or test mode no money moves.' }),
  })
  .openapi('Subscription')

const subscriptionAnswer = jsonAnswer(subscriptionSchema, 'The subscription')

const subscriptionRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/billing/subscription',
  summary: 'How the organization is billed',
  ...protectedRoute('GET /billing/subscription'),
  responses: { 200: subscriptionAnswer, ...refusals },
})

const planInput = z.strictObject({ plan: textInput(100), interval: billingInterval.optional() })

const previewRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/billing/preview',
  summary: 'What a change of plan would cost and bring; changes nothing',
  ...protectedRoute('POST /billing/preview'),
  request: { body: jsonBody(planInput) },
  responses: {
    200: jsonAnswer(
      z
        .object({
          kind: z.enum(['subscribe', 'upgrade', 'downgrade', 'cancel', 'resume', 'none']),
          plan: z.string(),
          interval: billingInterval,
          dueNowCents: centsOutput,
          currency: z.string(),
          creditsNow: creditsOutput
            .nullable()
            .openapi({ description: 'That come at once; null: unlimited.' }),
          effectiveAt: timeOutput,
          nextInvoiceCents: centsOutput,
          nextInvoiceAt: timeOutput.nullable(),
          prorationDate: z
            .int()
            .nullable()
            .openapi({ description: 'To be given to POST /billing/upgrade, so that the amount stays.' }),
        })
        .openapi('PlanPreview'),
      'What it would cost and bring',
    ),
    ...refusals,
  },
})

const upgradeRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/billing/upgrade',
  summary: 'Take a higher plan: a first subscription on the payment page, else charged to the card at once',
  ...protectedRoute('POST /billing/upgrade'),
  request: {
    body: jsonBody(
      z.strictObject({ ...planInput.shape, prorationDate: z.int().min(0).max(9_999_999_999).optional() }),
    ),
  },
  responses: {
    200: jsonAnswer(
      z
        .object({
          status: z
            .enum(['checkout', 'changed', 'processing'])
            .openapi({ description: 'checkout: to be paid at checkoutUrl; changed: paid, and in effect.' }),
          checkoutUrl: z.string().nullable(),
          sessionId: z.string().nullable(),
        })
        .openapi('Upgrade'),
      'Where it stands',
    ),
    ...refusals,
  },
})

const downgradeRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/billing/downgrade',
  summary: 'Take a lower plan from the end of the paid period on',
  ...protectedRoute('POST /billing/downgrade'),
  request: { body: jsonBody(z.strictObject({ plan: textInput(100) })) },
  responses: { 200: subscriptionAnswer, ...refusals },
})

const cancelRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/billing/cancel',
  summary: 'End the subscription with the paid period',
  ...protectedRoute('POST /billing/cancel'),
  responses: { 200: subscriptionAnswer, ...refusals },
})

const resumeRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/billing/resume',
  summary: 'Take back a cancellation or a lower plan that has not begun',
  ...protectedRoute('POST /billing/resume'),
  responses: { 200: subscriptionAnswer, ...refusals },
})

const portalRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/billing/portal',
  summary: 'A link to the payment provider’s portal: cards, addresses, invoices',
  ...protectedRoute('POST /billing/portal'),
  responses: { 200: jsonAnswer(z.object({ url: z.string() }), 'Good for a few minutes'), ...refusals },
})

const purchaseRoute = createRoute({
  tags: ['Credits'],
  method: 'post',
  path: '/credits/purchase',
  summary: 'Buy a package of credits on the payment page; they come when it is paid',
  ...protectedRoute('POST /credits/purchase'),
  request: { body: jsonBody(z.strictObject({ packageId: textInput(100) })) },
  responses: {
    200: jsonAnswer(
      z.object({ checkoutUrl: z.string(), sessionId: z.string(), paymentId: z.uuid() }).openapi('Purchase'),
      'Where to pay',
    ),
    ...refusals,
  },
})

/** Plans, the subscription and how it changes; top-ups. */
export function billingRoutes({ payments }: { payments: StripeContext | undefined }) {
  const router = createRouter()
  router.openapi(plansRoute, async (c) => {
    const [balance, plans] = await Promise.all([
      c.var.engine.checkCreditBalance(organizationIdOf(c)),
      c.var.engine.listPlans(),
    ])
    const { plan: current, pendingPlan, pendingChangeAt } = balance
    const pending =
      pendingPlan === null ? null : { plan: pendingPlan, changesAt: timeOrNull(pendingChangeAt) }
    return c.json({ current, pending, plans: plans.map((plan) => planJson(plan, current)) }, 200)
  })
  router.openapi(subscriptionRoute, async (c) => c.json(await subscriptionJson(c, payments), 200))
  router.openapi(previewRoute, async (c) => {
    const input = { organizationId: organizationIdOf(c), ...c.req.valid('json') }
    const preview = await previewPlan(requirePayments(payments), input)
    const { effectiveAt, nextInvoiceAt } = preview
    return c.json(
      { ...preview, effectiveAt: effectiveAt.toISOString(), nextInvoiceAt: timeOrNull(nextInvoiceAt) },
      200,
    )
  })
  router.openapi(upgradeRoute, async (c) => {
    const { plan, interval, prorationDate } = c.req.valid('json')
    const upgrade = await upgradePlan(requirePayments(payments), {
      organizationId: organizationIdOf(c),
      plan,
      interval,
      prorationDate,
      actor: c.var.principal.actor,
    })
    return c.json({ checkoutUrl: null, sessionId: null, ...upgrade }, 200)
  })
  router.openapi(downgradeRoute, async (c) => {
    const { plan } = c.req.valid('json')
    await downgradePlan(requirePayments(payments), { organizationId: organizationIdOf(c), plan })
    return c.json(await subscriptionJson(c, payments), 200)
  })
  router.openapi(cancelRoute, async (c) => {
    await cancelPlan(requirePayments(payments), organizationIdOf(c))
    return c.json(await subscriptionJson(c, payments), 200)
  })
  router.openapi(resumeRoute, async (c) => {
    await resumePlan(requirePayments(payments), organizationIdOf(c))
    return c.json(await subscriptionJson(c, payments), 200)
  })
  router.openapi(portalRoute, async (c) => {
    const { actor } = c.var.principal
    return c.json({ url: await openPortal(requirePayments(payments), organizationIdOf(c), actor) }, 200)
  })
  router.openapi(purchaseRoute, async (c) => {
    const { packageId } = c.req.valid('json')
    const organizationId = organizationIdOf(c)
    const { actor } = c.var.principal
    return c.json(await purchaseCredits(requirePayments(payments), { organizationId, packageId, actor }), 200)
  })
  return router
}

async function subscriptionJson(c: Context<StipendEnv>, payments: StripeContext | undefined) {
  const state = await c.var.engine.billing.getState(organizationIdOf(c))
  const { subscription, customerId } = state
  const isEnded = subscription === null || subscription.endedAt !== null
  const { role, scopes } = c.var.principal
  const mayPay =
    role === null
      ? scopes.some((scope) => scope === 'admin' || scope === 'billing:write')
      : role !== 'viewer' && role !== 'member'
  const failed = subscription?.paymentFailed ?? null
  return {
    plan: state.plan,
    status: state.status,
    interval: isEnded ? null : subscription.interval,
    paidUntil: timeOrNull(state.paidUntil),
    cancelsAt: isEnded ? null : timeOrNull(subscription.cancelsAt),
    pending:
      state.pending === null
        ? null
        : { plan: state.pending.plan, changesAt: state.pending.changesAt.toISOString() },
    paymentFailed:
      failed === null
        ? null
        : {
            since: failed.at.toISOString(),
            amountCents: failed.cents,
            currency: 'usd',
            payUrl: mayPay ? failed.payUrl : null,
          },
    card:
      payments === undefined || customerId === null || !mayPay
        ? null
        : await cardOrNull(payments, customerId),
    payments: payments?.mode ?? ('none' as const),
  }
}

/** The page stands without it. */
async function cardOrNull(payments: StripeContext, customerId: string) {
  return await cardOf(payments, customerId).catch(() => null)
}

function planJson({ monthlyCredits, welcomeBonus, capabilities, ...plan }: PlanOffer, current: string) {
  return {
    ...plan,
    monthlyCredits: creditsOrNull(monthlyCredits),
    welcomeBonus: creditsToNumber(welcomeBonus),
    isCurrent: plan.plan === current,
    capabilities: capabilities.map((capability) => capabilityJson({ ...capability, isEnabled: true })),
  }
}

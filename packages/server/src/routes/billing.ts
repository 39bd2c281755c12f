import { createRoute, z } from '@hono/zod-openapi'
import { creditsToNumber, type PlanOffer } from '@stipend/engine'
import { organizationIdOf } from '../context.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { creditsOrNull, creditsOutput, jsonAnswer, refusals, timeOrNull, timeOutput } from '../schemas.ts'
import { capabilityJson, capabilitySchema } from './ai.ts'

const planSchema = z
  .object({
    plan: z.string(),
    name: z.string(),
    priceUsdCents: z.int().openapi({ description: 'A month.' }),
    monthlyCredits: creditsOutput.nullable().openapi({ description: 'null: unlimited.' }),
    welcomeBonus: creditsOutput,
    isCurrent: z.boolean(),
    capabilities: z.array(capabilitySchema),
  })
  .openapi('Plan')

const plansRoute = createRoute({
  method: 'get',
  path: '/billing/plans',
  summary: 'The plans on offer, cheapest first, and where the organization stands',
  tags: ['Billing'],
  ...protectedRoute('GET /billing/plans'),
  responses: {
    200: jsonAnswer(
      z.object({
        current: z.string(),
        pending: z
          .object({ plan: z.string(), changesAt: timeOutput.nullable() })
          .nullable()
          .openapi({ description: 'A change that takes effect later.' }),
        plans: z.array(planSchema),
      }),
      'The plans',
    ),
    ...refusals,
  },
})

/** Plans; what is paid comes with payments. */
export function billingRoutes() {
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
  return router
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

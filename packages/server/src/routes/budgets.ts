import { createRoute, z } from '@hono/zod-openapi'
import { type Budget, budgetPeriods, budgetScopes, creditsToNumber, errorOf } from '@stipend/engine'
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
  timeOutput,
} from '../schemas.ts'

const shared = { tags: ['Budgets'] }

const budgetSchema = z
  .object({
    id: z.string(),
    scopeType: z.enum(budgetScopes),
    scopeId: z.string().nullable(),
    period: z.enum(budgetPeriods),
    limitCredits: creditsOutput,
    isHard: z.boolean().openapi({ description: 'Hard refuses; soft only tells at 80 and 100 %.' }),
    usedCredits: creditsOutput,
    heldCredits: creditsOutput,
    resetsAt: timeOutput,
  })
  .openapi('Budget')

function budgetJson({ organizationId: _, ...budget }: Budget) {
  return {
    ...budget,
    limitCredits: creditsToNumber(budget.limitCredits),
    usedCredits: creditsToNumber(budget.usedCredits),
    heldCredits: creditsToNumber(budget.heldCredits),
    resetsAt: budget.resetsAt.toISOString(),
  }
}

const listRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/budgets',
  summary: 'Ceilings on credits and their use in the current UTC day, week or month',
  ...protectedRoute('GET /budgets'),
  responses: { 200: jsonAnswer(z.object({ budgets: z.array(budgetSchema) }), 'The budgets'), ...refusals },
})

const putRoute = createRoute({
  ...shared,
  method: 'put',
  path: '/budgets',
  summary: 'Set the budget of a scope and period, or change its limit and hardness',
  ...protectedRoute('PUT /budgets'),
  request: {
    body: jsonBody(
      z
        .strictObject({
          scopeType: z.enum(budgetScopes),
          scopeId: textInput()
            .optional()
            .openapi({ description: 'The member, API key, capability or form; none for the organization.' }),
          period: z.enum(budgetPeriods),
          limitCredits: creditsInput,
          isHard: z.boolean().optional().openapi({ default: true }),
        })
        .openapi('BudgetRequest'),
    ),
  },
  responses: { 200: jsonAnswer(budgetSchema, 'The budget'), ...refusals },
})

const deleteRoute = createRoute({
  ...shared,
  method: 'delete',
  path: '/budgets/{id}',
  summary: 'Remove a budget',
  ...protectedRoute('DELETE /budgets/{id}'),
  request: { params: z.object({ id: textInput() }) },
  responses: { 204: { description: 'Removed' }, ...refusals },
})

/** Budgets of the organization. */
export function budgetRoutes() {
  const router = createRouter()
  router.openapi(listRoute, async (c) => {
    const budgets = await c.var.engine.listBudgets(organizationIdOf(c))
    return c.json({ budgets: budgets.map(budgetJson) }, 200)
  })
  router.openapi(putRoute, async (c) => {
    const budget = await c.var.engine.putBudget({
      organizationId: organizationIdOf(c),
      ...c.req.valid('json'),
    })
    return c.json(budgetJson(budget), 200)
  })
  router.openapi(deleteRoute, async (c) => {
    const budgetId = c.req.valid('param').id
    const found = await c.var.engine.deleteBudget({ organizationId: organizationIdOf(c), budgetId })
    if (!found) throw errorOf('not_found', { message: 'No such budget.', budgetId })
    return c.body(null, 204)
  })
  return router
}

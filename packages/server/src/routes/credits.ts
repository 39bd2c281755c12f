import { createRoute, z } from '@hono/zod-openapi'
import { type CreditBalance, creditsToNumber, formatNanoUsd, type Usage, usageGroups } from '@stipend/engine'
import { organizationIdOf, type Principal } from '../context.ts'
import { protectedRoute, readsCosts, readsCustomers } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  refusals,
  textInput,
  timeInput,
  timeOutput,
} from '../schemas.ts'

const balanceSchema = z
  .object({
    available: creditsOutput
      .nullable()
      .openapi({ description: 'spendable + overdraftLimit; null: unlimited.' }),
    spendable: creditsOutput
      .nullable()
      .openapi({ description: 'balance − reservedCredits; null: unlimited.' }),
    balance: creditsOutput.openapi({ description: 'monthlyCredits + bonusCredits − debtCredits.' }),
    monthlyCredits: creditsOutput.openapi({ description: 'Left of this period’s.' }),
    monthlyAllocation: creditsOutput.openapi({ description: 'Granted for this period.' }),
    bonusCredits: creditsOutput,
    reservedCredits: creditsOutput,
    debtCredits: creditsOutput,
    usedThisPeriod: creditsOutput,
    overdraftLimit: creditsOutput,
    periodStartsAt: timeOutput,
    periodEndsAt: timeOutput,
    unlimited: z.boolean(),
  })
  .openapi('CreditBalance')

/** A balance as JSON. */
export function balanceJson(balance: CreditBalance) {
  return {
    available: creditsOrNull(balance.available),
    spendable: creditsOrNull(balance.spendable),
    balance: creditsToNumber(balance.balance),
    monthlyCredits: creditsToNumber(balance.monthlyCredits),
    monthlyAllocation: creditsToNumber(balance.monthlyAllocation),
    bonusCredits: creditsToNumber(balance.bonusCredits),
    reservedCredits: creditsToNumber(balance.reservedCredits),
    debtCredits: creditsToNumber(balance.debtCredits),
    usedThisPeriod: creditsToNumber(balance.usedThisPeriod),
    overdraftLimit: creditsToNumber(balance.overdraftLimit),
    periodStartsAt: balance.periodStartsAt.toISOString(),
    periodEndsAt: balance.periodEndsAt.toISOString(),
    unlimited: balance.unlimited,
  }
}

const balanceRoute = createRoute({
  method: 'get',
  path: '/credits/balance',
  summary: 'The balance as of now',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/balance'),
  responses: { 200: jsonAnswer(balanceSchema, 'The balance'), ...refusals },
})

const limitsRoute = createRoute({
  method: 'get',
  path: '/credits/limits',
  summary: 'Rate limits of the plan and their use in the windows that end now',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/limits'),
  responses: {
    200: jsonAnswer(
      z.object({
        limits: z.array(
          z
            .object({
              capability: z.string(),
              window: z.enum(['minute', 'hour', 'day']),
              limit: z.int(),
              used: z.int(),
              retryAfterMs: z.int().nullable(),
            })
            .openapi('RateLimit'),
        ),
      }),
      'The limits; a window without a limit is not listed',
    ),
    ...refusals,
  },
})

const usageSchema = z
  .object({
    group: z.string().nullable(),
    split: z.string().nullable().openapi({ description: 'Of splitBy.' }),
    name: z.string().nullable().openapi({
      description: 'Of the actor that the group or the split is; customers’ only for who may read them.',
    }),
    calls: z.int(),
    creditsUsed: creditsOutput,
    costUsd: z.string().nullable().openapi({
      description: 'Decimal in US dollars; null also for viewers and members.',
      example: '0.018000000',
    }),
  })
  .openapi('Usage')

function usageJson(usage: Usage, principal: Principal) {
  const isCustomers = [usage.group, usage.split].some((key) => key?.startsWith('customer:') === true)
  return {
    group: usage.group,
    split: usage.split,
    name: isCustomers && !readsCustomers(principal) ? null : usage.name,
    calls: usage.calls,
    creditsUsed: creditsToNumber(usage.credits),
    costUsd: usage.costUsd === null || !readsCosts(principal) ? null : formatNanoUsd(usage.costUsd),
  }
}

const usageRoute = createRoute({
  method: 'get',
  path: '/credits/usage',
  summary: 'Charges by UTC day, capability, model or actor; by default of the current period',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/usage'),
  request: {
    query: z.strictObject({
      groupBy: z.enum(usageGroups).default('day'),
      splitBy: z
        .enum(usageGroups)
        .optional()
        .openapi({ description: 'Each group once more by this: a row per pair.' }),
      capability: textInput(100).optional(),
      model: textInput().optional(),
      actorId: textInput().optional(),
      from: timeInput.optional(),
      to: timeInput.optional(),
    }),
  },
  responses: {
    200: jsonAnswer(
      z.object({
        groupBy: z.enum(usageGroups),
        from: timeOutput,
        to: timeOutput,
        usage: z.array(usageSchema),
      }),
      'A row per group',
    ),
    ...refusals,
  },
})

const forecastRoute = createRoute({
  method: 'get',
  path: '/credits/forecast',
  summary: 'How long credits last at the pace of the last two weeks',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/forecast'),
  responses: {
    200: jsonAnswer(
      z
        .object({
          basisDays: z
            .number()
            .nullable()
            .openapi({ description: 'What the pace is of; null: less than a day, or no charge.' }),
          dailyAverage: creditsOutput.nullable(),
          projectedUse: creditsOutput.nullable().openapi({ description: 'Until the period ends.' }),
          runsOutAt: timeOutput
            .nullable()
            .openapi({ description: 'null: not before the period ends, or never on an unlimited plan.' }),
          periodEndsAt: timeOutput,
        })
        .openapi('Forecast'),
      'The forecast',
    ),
    ...refusals,
  },
})

const topupPackagesRoute = createRoute({
  method: 'get',
  path: '/credits/topup-packages',
  summary: 'Packages of credits for sale',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/topup-packages'),
  responses: {
    200: jsonAnswer(
      z.object({
        packages: z.array(
          z
            .object({ id: z.string(), name: z.string(), credits: creditsOutput, priceUsdCents: z.int() })
            .openapi('TopupPackage'),
        ),
      }),
      'The packages, small to large',
    ),
    ...refusals,
  },
})

/** Balance, limits, usage and packages. */
export function creditRoutes() {
  const router = createRouter()
  router.openapi(balanceRoute, async (c) => {
    const balance = await c.var.engine.checkCreditBalance(organizationIdOf(c))
    return c.json(balanceJson(balance), 200)
  })
  router.openapi(limitsRoute, async (c) => {
    const limits = await c.var.engine.getLimits(organizationIdOf(c))
    return c.json({ limits }, 200)
  })
  router.openapi(usageRoute, async (c) => {
    const { groupBy, splitBy, from, to, ...filters } = c.req.valid('query')
    const organizationId = organizationIdOf(c)
    const since = from ?? (await c.var.engine.checkCreditBalance(organizationId)).periodStartsAt
    const until = to ?? new Date()
    const asked = { organizationId, groupBy, splitBy, from: since, to: until, ...filters }
    const usage = await c.var.engine.getUsage(asked)
    const { principal } = c.var
    return c.json(
      {
        groupBy,
        from: since.toISOString(),
        to: until.toISOString(),
        usage: usage.map((row) => usageJson(row, principal)),
      },
      200,
    )
  })
  router.openapi(forecastRoute, async (c) => {
    const forecast = await c.var.engine.getForecast(organizationIdOf(c))
    const { basisDays, dailyAverage, projectedUse, runsOutAt, periodEndsAt } = forecast
    return c.json(
      {
        basisDays,
        dailyAverage: creditsOrNull(dailyAverage),
        projectedUse: creditsOrNull(projectedUse),
        runsOutAt: runsOutAt?.toISOString() ?? null,
        periodEndsAt: periodEndsAt.toISOString(),
      },
      200,
    )
  })
  router.openapi(topupPackagesRoute, async (c) => {
    const packages = await c.var.engine.listTopupPackages()
    return c.json(
      { packages: packages.map((item) => ({ ...item, credits: creditsToNumber(item.credits) })) },
      200,
    )
  })
  return router
}

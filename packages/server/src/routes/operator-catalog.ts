import { createRoute, z } from '@hono/zod-openapi'
import {
  type CatalogDefinition,
  creditsToNumber,
  definitionOf,
  pushCatalog,
  type SimulatedPlan,
  simulateCatalog,
} from '@stipend/engine'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import {
  creditsOutput,
  jsonAnswer,
  jsonBody,
  refusals,
  textInput,
  timeOutput,
  wholeNumberQuery,
} from '../schemas.ts'
import { catalogInput } from './catalog-schema.ts'

const shared = { tags: ['Operator'] }
const plansOutput = z.array(z.object({ plan: z.string(), organizations: z.int() }))

const getRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/catalog',
  summary: 'The catalog in force, its versions, and how many organizations are on each plan',
  ...protectedRoute('GET /operator/catalog'),
  responses: {
    200: jsonAnswer(
      z.object({
        version: z.int().openapi({ description: '0: none has been pushed yet.' }),
        catalog: catalogInput.nullable(),
        plans: plansOutput,
        versions: z.array(
          z.object({
            version: z.int(),
            author: z.string(),
            reason: z.string().nullable(),
            createdAt: timeOutput,
          }),
        ),
      }),
      'The catalog',
    ),
    ...refusals,
  },
})

const differenceSchema = z
  .object({
    path: z.string().openapi({ example: 'plans.pro.monthlyCredits' }),
    database: z.unknown().openapi({ description: 'Left out: it is not there.' }),
    file: z.unknown().openapi({ description: 'As proposed; left out: it goes.' }),
  })
  .openapi('CatalogDifference')

const previewRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/operator/catalog/preview',
  summary: 'What a catalog would change, and for how many organizations; changes nothing',
  ...protectedRoute('POST /operator/catalog/preview'),
  request: { body: jsonBody(z.strictObject({ catalog: catalogInput })) },
  responses: {
    200: jsonAnswer(
      z.object({
        differences: z.array(differenceSchema),
        affected: plansOutput.openapi({
          description: 'Plans that something changes for, with who is on them.',
        }),
        stranded: plansOutput.openapi({
          description: 'Plans that organizations are on and the proposal does not have.',
        }),
      }),
      'What would change',
    ),
    ...refusals,
  },
})

const simulatedSchema = z
  .object({
    calls: z.int(),
    refusals: z.record(z.string(), z.int()),
    creditsCharged: creditsOutput,
    providerCostUsd: z.number(),
    subscriptionUsd: z.number(),
    topupUsd: z.number(),
    marginUsd: z.number(),
  })
  .openapi('SimulatedPlan')

const simulateRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/operator/catalog/simulate',
  summary:
    "Replay the last days' calls against a catalog: refusals, charges, margin, by plan; changes nothing",
  ...protectedRoute('POST /operator/catalog/simulate'),
  request: {
    body: jsonBody(z.strictObject({ catalog: catalogInput, days: z.int().min(1).max(92).optional() })),
  },
  responses: {
    200: jsonAnswer(
      z
        .object({
          from: timeOutput,
          to: timeOutput,
          organizations: z.int(),
          plans: z.array(
            z.object({
              plan: z.string(),
              organizations: z.int(),
              current: simulatedSchema,
              proposed: simulatedSchema,
            }),
          ),
          stranded: plansOutput,
        })
        .openapi('CatalogSimulation'),
      'Both catalogs over the same calls',
    ),
    ...refusals,
  },
})

const putRoute = createRoute({
  ...shared,
  method: 'put',
  path: '/operator/catalog',
  summary: 'Make a catalog the one in force, in one transaction; refused where it would strand organizations',
  ...protectedRoute('PUT /operator/catalog'),
  request: {
    body: jsonBody(
      z.strictObject({
        catalog: catalogInput,
        reason: textInput(1000),
        version: z
          .int()
          .min(0)
          .openapi({ description: 'That was seen last; another one in force is refused.' }),
      }),
    ),
  },
  responses: {
    200: jsonAnswer(z.object({ version: z.int(), isChanged: z.boolean() }), 'In force'),
    ...refusals,
  },
})

const shadowRoute = createRoute({
  ...shared,
  method: 'get',
  path: '/operator/shadow-refusals',
  summary: 'What shadow mode has admitted and the catalog would have refused',
  ...protectedRoute('GET /operator/shadow-refusals'),
  request: { query: z.strictObject({ days: wholeNumberQuery(1, 90).optional() }) },
  responses: {
    200: jsonAnswer(
      z.object({
        refusals: z.array(
          z.object({
            plan: z.string(),
            capability: z.string(),
            quality: z.string(),
            code: z.string(),
            calls: z.int(),
            organizations: z.int(),
            coveredCredits: creditsOutput,
            lastAt: timeOutput,
          }),
        ),
      }),
      'By plan, capability, quality level and code',
    ),
    ...refusals,
  },
})

/** The catalog on an operator's pages: the same push as from a file. */
export function operatorCatalogRoutes() {
  const router = createRouter()
  router.openapi(getRoute, async (c) => {
    const { engine } = c.var
    const [versions, catalog, { plans }] = await Promise.all([
      engine.listCatalogVersions(),
      engine.pullCatalog(),
      engine.operator.overview(),
    ])
    return c.json(
      {
        version: versions[0]?.version ?? 0,
        catalog: catalog === null ? null : catalogInput.parse(definitionOf(catalog)),
        plans: plans.map(({ plan, organizations }) => ({ plan, organizations })),
        versions: versions.map(({ createdAt, ...version }) => ({
          ...version,
          createdAt: createdAt.toISOString(),
        })),
      },
      200,
    )
  })
  router.openapi(previewRoute, async (c) => {
    const { engine } = c.var
    const proposed = definition(c.req.valid('json').catalog)
    const [differences, { plans }] = await Promise.all([
      engine.diffWith(proposed),
      engine.operator.overview(),
    ])
    const isForAll = differences.some(({ path }) => !/^(plans|topups|qualityLevels)\b/.test(path))
    const onPlan = plans.filter(({ organizations }) => organizations > 0)
    const named = ({ plan, organizations }: (typeof plans)[number]) => ({ plan, organizations })
    return c.json(
      {
        differences,
        affected: onPlan
          .filter(
            ({ plan }) =>
              isForAll ||
              differences.some(({ path }) => path === 'plans' || path.startsWith(`plans.${plan}`)),
          )
          .map(named),
        stranded: onPlan.filter(({ plan }) => !Object.hasOwn(proposed.plans, plan)).map(named),
      },
      200,
    )
  })
  router.openapi(simulateRoute, async (c) => {
    const { catalog, days } = c.req.valid('json')
    const found = await simulateCatalog(c.var.database, definition(catalog), { days })
    return c.json(
      {
        from: found.from.toISOString(),
        to: found.to.toISOString(),
        organizations: found.organizations,
        plans: found.plans.map(({ current, proposed, ...plan }) => ({
          ...plan,
          current: simulatedJson(current),
          proposed: simulatedJson(proposed),
        })),
        stranded: found.stranded,
      },
      200,
    )
  })
  router.openapi(putRoute, async (c) => {
    const { catalog, reason, version } = c.req.valid('json')
    const { actor } = c.var.principal
    const by = { author: actor.name ?? actor.id, reason, expectedVersion: version }
    return c.json(await pushCatalog(c.var.database, definition(catalog), by), 200)
  })
  router.openapi(shadowRoute, async (c) => {
    const found = await c.var.engine.listShadowRefusals(c.req.valid('query'))
    return c.json(
      {
        refusals: found.map(({ coveredCredits, lastAt, ...refusal }) => ({
          ...refusal,
          coveredCredits: creditsToNumber(coveredCredits),
          lastAt: lastAt.toISOString(),
        })),
      },
      200,
    )
  })
  return router
}

/** Fields that are left out are undefined to the schema and absent to the engine. */
function definition(catalog: unknown): CatalogDefinition {
  return JSON.parse(JSON.stringify(catalog))
}

function simulatedJson({ creditsCharged, ...plan }: SimulatedPlan) {
  return { ...plan, creditsCharged: creditsToNumber(creditsCharged) }
}

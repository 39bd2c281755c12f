import { expect, test } from 'vitest'
import { testCatalog } from '../test/catalog.ts'
import { useLedger } from '../test/ledger.ts'
import {
  type CatalogDefinition,
  credits,
  definitionOf,
  normalizeCatalog,
  pullCatalog,
  pushCatalog,
  simulateCatalog,
  sourceOf,
} from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const { server } = ledger.database

/** 1,000 input tokens are a credit on alpha, ten on beta. */
async function call(
  organizationId: string,
  inputTokens: number,
  quality: 'fast' | 'enhanced' = 'fast',
  model = 'alpha',
) {
  const id = await ledger.hold(organizationId, quality === 'fast' ? 1 : 10, { quality })
  await engine.settleCredits({
    organizationId,
    reservationId: id,
    usage: { model, inputTokens, outputTokens: 0 },
  })
}

const changed = (change: (catalog: CatalogDefinition) => void): CatalogDefinition => {
  const copy: CatalogDefinition = structuredClone(testCatalog)
  change(copy)
  return copy
}

test('the catalog in force replayed charges what the ledger has charged, and refuses nothing', async () => {
  const free = await ledger.createOrganization('free', 3)
  for (const tokens of [1000, 250, 4000]) await call(free, tokens)
  const pro = await ledger.createOrganization('pro')
  for (const tokens of [2000, 10_000]) await call(pro, tokens, 'enhanced', 'beta')
  const unlimited = await ledger.createOrganization('unlimited')
  await call(unlimited, 3000)
  // Charged at its lease's end, then settled late: one call.
  const late = await ledger.hold(free, 2, { quality: 'fast' })
  await engine.extendReservation({ organizationId: free, reservationId: late, isDispatched: true })
  await ledger.moveClock(free, 400_000)
  await engine.cleanupReservations()
  await engine.settleCredits({
    organizationId: free,
    reservationId: late,
    usage: { model: 'alpha', inputTokens: 750, outputTokens: 0 },
  })

  const same = await simulateCatalog(server, testCatalog)
  const charged = (plan: string) => same.plans.find((row) => row.plan === plan)?.current
  expect(charged('free')).toMatchObject({ calls: 4, refusals: {}, creditsCharged: 600, subscriptionUsd: 0 })
  expect(charged('pro')).toMatchObject({ calls: 2, refusals: {}, creditsCharged: 12_000 })
  expect(charged('unlimited')).toMatchObject({ calls: 1, creditsCharged: 300 })
  expect(charged('pro')?.providerCostUsd).toBeCloseTo(0.12, 9)
  expect(charged('pro')?.subscriptionUsd).toBeCloseTo((29 * 30 * 12) / 365, 2)
  for (const { current, proposed } of same.plans) expect(proposed).toEqual(current)
  expect(same.stranded).toEqual([])

  const proposal = changed((catalog) => {
    const { free: freePlan, pro: proPlan, unlimited: gone, ...rest } = catalog.plans
    if (freePlan === undefined || proPlan === undefined || gone === undefined) throw new Error('no plan')
    catalog.plans = {
      ...rest,
      free: {
        ...freePlan,
        monthlyCredits: 1,
        welcomeBonus: 0,
        allows: { reply: { fast: ['beta'], perHour: 3 } },
      },
      pro: { ...proPlan, priceUsdCents: 4900, allows: { reply: { fast: ['alpha'] } } },
    }
  })
  const result = await simulateCatalog(server, proposal)
  const proposed = (plan: string) => result.plans.find((row) => row.plan === plan)?.proposed
  // Beta is ten times as dear: 1,000 tokens are 10 credits. There are 1 + 10 + 3, and 2 of overdraft.
  expect(proposed('free')).toMatchObject({
    calls: 4,
    creditsCharged: 1000 + 250,
    refusals: { insufficient_credits: 2 },
  })
  expect(proposed('pro')).toMatchObject({ calls: 2, refusals: { quality_not_allowed: 2 }, creditsCharged: 0 })
  expect(proposed('pro')?.subscriptionUsd).toBeCloseTo((49 * 30 * 12) / 365, 2)
  expect(result.stranded).toEqual([{ plan: 'unlimited', organizations: 1 }])
  await expect(pushCatalog(server, proposal, { author: 'test' })).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'plans', value: 'unlimited' },
  })
})

test('rate limits are the decision’s, settings and markups are counted in', async () => {
  const organizationId = await ledger.createOrganization('team')
  for (let i = 0; i < 5; i += 1) await call(organizationId, 1100)
  const { plans } = await simulateCatalog(
    server,
    changed((catalog) => {
      const { team } = catalog.plans
      if (team === undefined) throw new Error('no plan')
      catalog.settings = { increment: 1 }
      catalog.plans['team'] = {
        ...team,
        markupBasisPoints: 5000,
        allows: { reply: { fast: ['alpha'], perDay: 3 } },
      }
    }),
  )
  const team = plans.find(({ plan }) => plan === 'team')
  expect(team?.current).toMatchObject({ calls: 5, refusals: {}, creditsCharged: 5 * 125 })
  // 1.1 credits and half of it: 1.65, up to a whole one.
  expect(team?.proposed).toMatchObject({ calls: 5, refusals: { rate_limited: 2 }, creditsCharged: 3 * 200 })
})

test('what is pulled is what was pushed, as a definition and as the text of a file', async () => {
  const rich = changed((catalog) => {
    catalog.settings = { usdPerCredit: 0.002, graceDays: 5, shadowMode: true }
    catalog.models['alpha'] = {
      model: 'demo/alpha',
      priceUsdPerMillion: { input: 1, output: 4, cachedInput: 0.1, reasoning: 5 },
      markupBasisPoints: 250,
      deprecatedAt: '2030-01-01T00:00:00Z',
      replacement: 'gamma',
    }
    catalog.capabilities['reply'] = {
      name: "It's a \\ reply",
      description: 'On\ntwo lines',
      estimate: { fast: 1, enhanced: 4 },
    }
  })
  await pushCatalog(server, rich, { author: 'test' })
  const pulled = await pullCatalog(server)
  if (pulled === null) throw new Error('nothing pulled')
  const definition = definitionOf(pulled)
  expect(normalizeCatalog(definition)).toEqual(normalizeCatalog(rich))
  const text = sourceOf(definition)
  const body = text.replace(/^import .*$/m, '').replace('export const catalog = defineCatalog(', 'return (')
  const evaluated: unknown = new Function(body)()
  expect(normalizeCatalog(evaluated as CatalogDefinition)).toEqual(normalizeCatalog(rich))
  expect(text.split('\n').every((line) => line.length <= 130)).toBe(true)
})

test('a push says what it saw last, and is refused where another came between', async () => {
  const [latest] = await engine.listCatalogVersions()
  const version = latest?.version ?? 0
  const next = changed((catalog) => {
    catalog.settings = { graceDays: 7 }
  })
  await expect(
    pushCatalog(server, next, { author: 'ann', expectedVersion: version - 1 }),
  ).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'version', rule: expect.stringContaining(String(version)) },
  })
  await pushCatalog(server, next, { author: 'ann', reason: 'A longer grace', expectedVersion: version })
  expect((await engine.listCatalogVersions(1))[0]).toMatchObject({
    version: version + 1,
    author: 'ann',
    reason: 'A longer grace',
  })
  await pushCatalog(server, testCatalog, { author: 'test' })
})

test('days that are none are refused', async () => {
  await expect(simulateCatalog(server, testCatalog, { days: 0 })).rejects.toMatchObject({
    detail: { field: 'days' },
  })
  expect((await simulateCatalog(server, testCatalog, { days: 1 })).creditsInLedger).toBeGreaterThan(
    credits(1),
  )
})

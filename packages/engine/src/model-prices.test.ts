import { expect, test } from 'vitest'
import { testCatalog } from '../test/catalog.ts'
import { useLedger } from '../test/ledger.ts'
import {
  costByRates,
  createEngine,
  type ModelUsage,
  normalizeCatalog,
  type PutModelPriceInput,
} from './index.ts'
import { recordModelPrices } from './model-prices.ts'

const ledger = await useLedger()
const { engine } = ledger
const usage = { model: 'gamma', inputTokens: 1000, outputTokens: 500 }
const by = { author: 'ann', reason: 'Contract' }

async function charge(organizationId: string, by: typeof engine = engine, of: ModelUsage = usage) {
  const reservationId = await ledger.hold(organizationId, 100)
  await by.settleCredits({ organizationId, reservationId, usage: of })
  const row = (await ledger.transactions(organizationId)).at(-1)
  if (row === undefined) throw new Error('no row')
  return row
}

/** Dearest prices of the current offer of payg's fast reply. */
async function offered() {
  const { rows } = await ledger.database.owner.query(
    `select trim_scale(input_usd_per_million)::text as input, trim_scale(output_usd_per_million)::text as output
     from stipend.catalog_offers where is_current and plan = 'payg' and quality = 'fast' and capability = 'reply'`,
  )
  return rows[0]
}

async function countPrices(): Promise<number> {
  const { rows } = await ledger.database.owner.query(
    'select count(*)::integer as count from stipend.model_prices',
  )
  return rows[0]?.count
}

test('a charge is explained by its row and the history after the price has changed', async () => {
  const organizationId = await ledger.createOrganization('payg', 1000)
  const before = await charge(organizationId)
  expect(before.providerMetadata).toEqual({
    usage,
    price: { source: 'catalog', effectiveAt: expect.stringMatching(/Z$/) },
  })
  await engine.putModelPrice({ model: 'gamma', input: '20', output: '80', cachedInput: '2', ...by })
  const parts = { ...usage, cachedInputTokens: 400 }
  const after = await charge(organizationId, engine, parts)
  expect([before.costUsd, after.costUsd]).toEqual([6_000_000n, 52_800_000n])
  expect(await engine.clearModelPrice({ model: 'demo/gamma', ...by })).toBe(true)
  expect(await engine.clearModelPrice({ model: 'gamma', ...by })).toBe(false)
  expect((await charge(organizationId)).costUsd).toBe(6_000_000n)

  for (const [row, source] of [
    [before, 'catalog'],
    [after, 'operator'],
  ] as const) {
    const price = await engine.getPriceAt({ provider: 'demo', modelId: 'gamma', at: row.createdAt })
    if (price?.rates == null) throw new Error('no price')
    expect(row.providerMetadata?.['price']).toEqual({ source, effectiveAt: price.effectiveAt.toISOString() })
    expect(costByRates(price.rates, row.providerMetadata?.['usage'] as ModelUsage)).toBe(row.costUsd)
  }
  const dayBefore = new Date(Date.now() - 86_400_000)
  expect(await engine.getPriceAt({ provider: 'demo', modelId: 'gamma', at: dayBefore })).toBeNull()
})

test('holds follow an override at once, with its dearest kind of token', async () => {
  expect(await offered()).toEqual({ input: '10', output: '40' })
  await engine.putModelPrice({
    model: 'beta',
    input: '20',
    cacheWrite: '25',
    output: '50',
    reasoning: '60',
    ...by,
  })
  expect(await offered()).toEqual({ input: '25', output: '60' })
  await engine.clearModelPrice({ model: 'beta', ...by })
  expect(await offered()).toEqual({ input: '10', output: '40' })
})

test('an override makes a model without a price callable, and its end takes that back', async () => {
  const organizationId = await ledger.createOrganization('free')
  const call = { organizationId, capability: 'raw' } as const
  await expect(engine.reserveCredits(call)).rejects.toMatchObject({ code: 'model_unpriced' })
  await engine.putModelPrice({ model: 'unpriced', input: '1', output: '1', ...by })
  const { id } = await engine.reserveCredits(call)
  const of = { model: 'unpriced', inputTokens: 1000, outputTokens: 0 }
  const settled = await engine.settleCredits({ organizationId, reservationId: id, usage: of })
  expect(settled.creditsUsed).toBe(100)
  await engine.clearModelPrice({ model: 'unpriced', ...by })
  await expect(engine.reserveCredits(call)).rejects.toMatchObject({ code: 'model_unpriced' })
})

test("another process's first charge is by the override", async () => {
  const organizationId = await ledger.createOrganization('payg', 1000)
  await engine.putModelPrice({ model: 'gamma', input: '20', output: '80', ...by })
  const other = ledger.openEngine()
  expect((await charge(organizationId, other.engine)).costUsd).toBe(60_000_000n)
  await other.close()
  await engine.clearModelPrice({ model: 'gamma', ...by })
})

test('a price to come is listed, charged from its moment on, and cleared with the one in force', async () => {
  const organizationId = await ledger.createOrganization('payg', 1000)
  const effectiveAt = new Date(Date.now() + 700)
  await engine.putModelPrice({ model: 'gamma', input: '4', output: '16', ...by })
  await engine.putModelPrice({ model: 'gamma', input: '8', output: '32', effectiveAt, ...by })
  const gamma = (await engine.listModelPrices()).find(({ model }) => model === 'gamma')
  expect(gamma).toMatchObject({
    price: { source: 'operator', rates: { input: '4', output: '16' } },
    pending: [{ rates: { input: '8', output: '32' }, effectiveAt }],
  })
  expect((await charge(organizationId)).costUsd).toBe(12_000_000n)
  await new Promise((resolve) => setTimeout(resolve, 750))
  expect((await charge(organizationId)).costUsd).toBe(24_000_000n)
  const far = new Date(Date.now() + 86_400_000)
  await engine.putModelPrice({ model: 'gamma', input: '9', output: '9', effectiveAt: far, ...by })
  await engine.clearModelPrice({ model: 'gamma', ...by })
  expect((await charge(organizationId)).costUsd).toBe(6_000_000n)
  expect(
    await engine.getPriceAt({ provider: 'demo', modelId: 'gamma', at: new Date(far.getTime() + 1) }),
  ).toMatchObject({ source: 'catalog' })
})

test('what holds look up follows an override when its time has come, without a charge or a restart', async () => {
  const before = await offered()
  const effectiveAt = new Date(Date.now() + 500)
  await engine.putModelPrice({ model: 'beta', input: '30', output: '90', effectiveAt, ...by })
  await engine.recordModelPrices()
  expect(await offered()).toEqual(before)
  await new Promise((resolve) => setTimeout(resolve, 550))
  expect(await engine.recordModelPrices()).toBe(0)
  expect(await offered()).toEqual({ input: '30', output: '90' })
  await engine.clearModelPrice({ model: 'beta', ...by })
  expect(await offered()).toEqual(before)
})

test.each<[Partial<PutModelPriceInput>, object]>([
  [{ model: 'delta' }, { field: 'model', known: ['alpha', 'beta', 'gamma', 'unpriced'] }],
  [{ input: '-1' }, { field: 'input' }],
  [{ reasoning: '1e3' }, { field: 'reasoning' }],
  [{ effectiveAt: new Date('2001-01-01') }, { field: 'effectiveAt' }],
])('a price is refused, and nothing recorded: %j', async (wrong, detail) => {
  const before = await countPrices()
  const input = { model: 'gamma', input: '1', output: '1', ...by, ...wrong }
  await expect(engine.putModelPrice(input)).rejects.toMatchObject({ code: 'invalid_request', detail })
  expect(await countPrices()).toBe(before)
})

test("the library's price is recorded once, when it is first seen and when it differs", async () => {
  const { database } = ledger
  const definition = structuredClone<typeof testCatalog>(testCatalog)
  Object.assign(definition.models, { unpriced: 'openai/gpt-5-mini' })
  const other = createEngine({ database: database.server, catalog: definition })
  await other.pushCatalog({ author: 'test' })
  const count = async () =>
    (await database.owner.query(`select from stipend.model_prices where source = 'library'`)).rowCount
  expect(await count()).toBe(1)
  const models = Object.values(normalizeCatalog(definition).models)
  const record = () => recordModelPrices(database.server, models, { author: 'test', waits: true })
  expect(await record()).toBe(0)
  // As if an older library had recorded another price.
  await database.owner.query(
    `insert into stipend.model_prices (provider, model_id, source, input_usd_per_million, output_usd_per_million,
       effective_at, author) values ('openai', 'gpt-5-mini', 'library', 7, 7, now(), 'test')`,
  )
  expect(await other.checkModelPrices()).toEqual([
    expect.objectContaining({ model: 'unpriced', kind: 'unrecorded', price: { input: '7', output: '7' } }),
  ])
  expect(await other.recordModelPrices(), 'what repeats leaves the library alone').toBe(0)
  expect(await record()).toBe(1)
  expect(await count()).toBe(3)
  expect(await other.checkModelPrices()).toEqual([])
  const late = new Date('2030-01-01')
  expect(await other.checkModelPrices({ now: late })).toMatchObject([{ model: 'unpriced', kind: 'stale' }])
  await other.putModelPrice({ model: 'unpriced', input: '9', output: '9', ...by })
  expect(await other.checkModelPrices()).toMatchObject([{ model: 'unpriced', kind: 'overridden' }])
  await other.clearModelPrice({ model: 'unpriced', ...by })
  await other.close()
  await engine.pushCatalog({ author: 'test' })
  expect(await engine.checkModelPrices()).toMatchObject([{ model: 'unpriced', kind: 'missing' }])
})

test('margins are of one organization, and a late settle does not count its cost twice', async () => {
  const organizationId = await ledger.createOrganization('payg', 1000)
  const neighbour = await ledger.createOrganization('payg', 1000)
  await charge(neighbour)
  const reservationId = await ledger.hold(organizationId, 10, { isDispatched: true, leaseSeconds: 60 })
  await engine.extendReservation({ organizationId, reservationId, usage })
  await ledger.moveClock(organizationId, 3_600_000)
  await engine.cleanupReservations()
  await engine.settleCredits({ organizationId, reservationId, usage: { ...usage, outputTokens: 1000 } })
  await charge(organizationId)
  const { rows } = await ledger.database.owner.query(
    `select type, charged_credits::float, m.cost_usd::float, charge_usd::float, margin_usd::float
     from stipend.call_margins m join stipend.credit_transactions t using (organization_id, sequence)
     where organization_id = $1 order by sequence`,
    [organizationId],
  )
  expect(rows).toEqual([
    { type: 'ai_consumption', charged_credits: 6, cost_usd: 0.006, charge_usd: 0.006, margin_usd: 0 },
    { type: 'ai_consumption', charged_credits: 4, cost_usd: 0.004, charge_usd: 0.004, margin_usd: 0 },
    { type: 'ai_consumption', charged_credits: 6, cost_usd: 0.006, charge_usd: 0.006, margin_usd: 0 },
  ])
  const period = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000) }
  const mine = await engine.getMargins({ organizationId, groupBy: 'organization', ...period })
  expect(mine).toMatchObject([{ group: organizationId, charges: 3, credits: 1600, costUsd: '0.016000000' }])
  const all = await engine.getMargins({ groupBy: 'organization', ...period })
  expect(all.find(({ group }) => group === neighbour)).toMatchObject({ charges: 1, credits: 600 })
})

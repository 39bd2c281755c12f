import { expect, test } from 'vitest'
import { testCatalog } from '../test/catalog.ts'
import { useLedger } from '../test/ledger.ts'
import {
  type CatalogDefinition,
  createEngine,
  credits,
  defineCatalog,
  type Engine,
  pushCatalog,
  type StipendError,
} from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const shadow = defineCatalog({ ...testCatalog, settings: { shadowMode: true } })

const anyCatalog: CatalogDefinition = testCatalog

const enter = () => pushCatalog(ledger.database.server, shadow, { author: 'test' })
const leave = () => pushCatalog(ledger.database.server, testCatalog, { author: 'test' })

type Call = {
  capability: 'reply' | 'draft' | 'limited' | 'paused'
  quality: 'fast' | 'enhanced'
  amount: number
}

/** The same calls in a row, one settled before the next; which of them were refused, or would have been. */
async function call(organizationId: string, calls: readonly Call[]): Promise<(string | null)[]> {
  const codes: (string | null)[] = []
  for (const { capability, quality, amount } of calls) {
    const input = { organizationId, capability, quality, estimatedCredits: credits(amount) } as const
    try {
      const { id, shadowRefusal } = await engine.reserveCredits(input)
      await ledger.settle(organizationId, id, amount)
      codes.push(shadowRefusal ?? null)
    } catch (error) {
      codes.push((error as StipendError).code)
    }
  }
  return codes
}

test('everything is admitted, and the books become what they would have been with the refusals', async () => {
  const calls: Call[] = Array.from({ length: 60 }, (_, i) => ({
    capability: (['reply', 'limited', 'draft', 'paused', 'limited'] as const)[i % 5] ?? 'reply',
    // What no plan offers is refused in shadow mode too.
    quality: i % 10 === 5 ? 'enhanced' : 'fast',
    amount: [0.5, 2, 5][i % 3] ?? 1,
  }))
  const enforced = await ledger.createOrganization('free')
  const refused = await call(enforced, calls)
  await enter()
  const free = await ledger.createOrganization('free')
  const noted = await call(free, calls)
  expect(noted).toEqual(refused)
  expect(new Set(refused)).toEqual(
    new Set([
      null,
      'not_in_plan',
      'quality_not_allowed',
      'plan_disabled',
      'rate_limited',
      'insufficient_credits',
    ]),
  )
  expect(await ledger.pools(free)).toEqual(await ledger.pools(enforced))
  expect((await engine.getLimits(free)).map(({ used }) => used)).toEqual(
    (await engine.getLimits(enforced)).map(({ used }) => used),
  )
  const covered = calls.filter((_, i) => noted[i] !== null).reduce((sum, { amount }) => sum + amount, 0)
  const report = await engine.listShadowRefusals()
  expect(report.reduce((sum, { calls: count }) => sum + count, 0)).toBe(
    noted.filter((code) => code !== null).length,
  )
  expect(report.reduce((sum, { coveredCredits }) => sum + coveredCredits, 0) / 100).toBe(covered)
  expect(report.every(({ plan, organizations }) => plan === 'free' && organizations === 1)).toBe(true)
  await leave()
  const { rows } = await ledger.database.owner.query('select from stipend.catalog_offers where is_shadow')
  expect(rows).toEqual([])
  await expect(ledger.hold(free, 500)).rejects.toMatchObject({ code: 'insufficient_credits' })
})

test('budgets, customers, what is past due and another plan’s model are admitted; names, switches and keys are not', async () => {
  await enter()
  const organizationId = await ledger.createOrganization('payg', 5)
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'day',
    limitCredits: credits(1),
  })
  const over = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(2),
    idempotencyKey: 'k',
  })
  expect(over).toMatchObject({ shadowRefusal: 'budget_exceeded', spendable: null })
  await expect(
    engine.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(2),
      idempotencyKey: 'k',
    }),
  ).rejects.toMatchObject({ code: 'request_in_flight' })
  await engine.extendReservation({
    organizationId,
    reservationId: over.id,
    estimatedCredits: credits(90),
    isDispatched: true,
  })
  await ledger.settle(organizationId, over.id, 12)
  expect((await engine.listBudgets(organizationId))[0]?.usedCredits).toBe(0)

  const customer = { type: 'customer', id: 'eve' } as const
  const customerLimits = [{ key: 'form:eve', limit: 1 }]
  const free = await ledger.createOrganization('free')
  const asks = () =>
    engine.reserveCredits({ organizationId: free, capability: 'reply', actor: customer, customerLimits })
  expect((await asks()).shadowRefusal).toBeUndefined()
  expect((await asks()).shadowRefusal).toBe('customer_limit_exceeded')

  const pinned = await engine.reserveCredits({ organizationId: free, capability: 'reply', model: 'beta' })
  expect(pinned).toMatchObject({ shadowRefusal: 'model_not_allowed', models: [{ key: 'beta' }] })
  const draft = await engine.reserveCredits({ organizationId: free, capability: 'draft' })
  expect(draft).toMatchObject({ shadowRefusal: 'not_in_plan', quality: 'fast', models: [{ key: 'alpha' }] })
  for (const { id } of [pinned, draft])
    await engine.releaseCredits({ organizationId: free, reservationId: id })

  expect(await engine.checkAIAccess({ organizationId: free, capability: 'draft' })).toMatchObject({
    isAllowed: true,
  })
  for (const [input, code] of [
    [{ capability: 'nothing' }, 'capability_not_found'],
    [{ capability: 'reply', quality: 'best' }, 'quality_not_found'],
    [{ capability: 'off' }, 'capability_disabled'],
    [{ capability: 'raw' }, 'model_unpriced'],
  ] as const) {
    const untyped: Engine = createEngine({ database: ledger.database.server, catalog: anyCatalog })
    await expect(untyped.reserveCredits({ organizationId: free, ...input })).rejects.toMatchObject({ code })
    await untyped.close()
  }
  await leave()
})

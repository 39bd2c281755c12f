import { expect, test } from 'vitest'
import { days, minutes, useLedger } from '../test/ledger.ts'
import { type BudgetScope, credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const monday = Date.UTC(2031, 4, 5)

async function windows(organizationId: string) {
  const { rows } = await ledger.database.owner.query<{ start: Date; used: string; held: string }>(
    `select window_start as start, used, held from stipend.budget_windows where organization_id = $1 order by 1`,
    [organizationId],
  )
  return rows.map(({ start, used, held }) => `${start.toISOString().slice(0, 10)} ${used} ${held}`)
}

const apiKeyId = '01890000-0000-7000-8000-000000000001'
const matching = { actor: { type: 'member', id: 'ann' }, formId: 'survey' } as const
const scopes: readonly [BudgetScope, string | undefined, Record<string, unknown>, Record<string, unknown>][] =
  [
    ['organization', undefined, {}, {}],
    ['member', 'ann', matching, { actor: { type: 'member', id: 'bob' } }],
    [
      'api_key',
      apiKeyId,
      { actor: { type: 'api_key', id: apiKeyId } },
      { actor: { type: 'member', id: apiKeyId } },
    ],
    ['capability', 'draft', { capability: 'draft' }, { capability: 'reply' }],
    ['form', 'survey', matching, { formId: 'other' }],
  ]

test.each(scopes)(
  'scope %s: what matches is counted and refused, the rest is not',
  async (scopeType, scopeId, inside, outside) => {
    const organizationId = await ledger.createOrganization('pro')
    if (scopeType === 'api_key') {
      await ledger.database.owner.query(
        `insert into stipend.api_keys (id, organization_id, name, prefix, hash, scopes) values ($1, $2, '', '', '', '{}')`,
        [scopeId, organizationId],
      )
    }
    await engine.putBudget({ organizationId, scopeType, scopeId, period: 'month', limitCredits: credits(10) })
    await ledger.settle(organizationId, await ledger.hold(organizationId, 2, inside), 4)
    const open = await ledger.hold(organizationId, 5.5, inside)
    await expect(ledger.hold(organizationId, 0.51, inside)).rejects.toMatchObject({
      code: 'budget_exceeded',
      detail: {
        scopeType,
        scopeId: scopeId ?? null,
        period: 'month',
        limitCredits: 10,
        usedCredits: 4,
        heldCredits: 5.5,
        estimatedCredits: 0.51,
      },
    })
    if (scopeType !== 'organization') await ledger.hold(organizationId, 50, outside)
    await ledger.hold(organizationId, 0.5, inside)
    await engine.releaseCredits({ organizationId, reservationId: open })
    await ledger.hold(organizationId, 5.5, inside)
    expect(await engine.listBudgets(organizationId)).toMatchObject([{ usedCredits: 400, heldCredits: 600 }])
  },
)

test.each([true, false])('a budget on a name that nothing has is refused (hard: %s)', async (isHard) => {
  const organizationId = await ledger.createOrganization('pro')
  const other = await ledger.createOrganization('pro')
  const { apiKey: own } = await engine.createApiKey({ organizationId, name: 'own', scopes: ['ai:run'] })
  const { apiKey: foreign } = await engine.createApiKey({
    organizationId: other,
    name: 'foreign',
    scopes: ['ai:run'],
  })
  const put = (scopeType: string, scopeId: string) =>
    engine.putBudget({
      organizationId,
      scopeType: scopeType as BudgetScope,
      scopeId,
      period: 'day',
      limitCredits: credits(1),
      isHard,
    })
  await expect(put('capability', 'replies')).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'scopeId', known: ['draft', 'limited', 'off', 'paused', 'raw', 'reply'] },
  })
  await expect(put('api_key', foreign.id)).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'scopeId', known: [own.id] },
  })
  await expect(put('galaxy', 'x')).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'scopeType' },
  })
  expect(await engine.listBudgets(organizationId)).toEqual([])
  await put('api_key', own.id)
})

test('a refusal is retryable only where open holds alone stand in the way', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const scope = { organizationId, scopeType: 'organization', period: 'day' } as const
  await engine.putBudget({ ...scope, limitCredits: credits(10) })
  await ledger.hold(organizationId, 1, { leaseSeconds: 900, capability: 'draft' })
  await ledger.settle(organizationId, await ledger.hold(organizationId, 1), 4)
  await ledger.hold(organizationId, 4, { leaseSeconds: 120 })
  const held = await ledger.hold(organizationId, 6).catch((error) => error)
  expect(held).toMatchObject({ code: 'budget_exceeded', status: 402, retryable: true })
  expect(held.retryAfterMs).toBeGreaterThan(100_000)
  expect(held.retryAfterMs).toBeLessThanOrEqual(120_000)
  const used = await ledger.hold(organizationId, 6.01).catch((error) => error)
  expect(used).toMatchObject({ code: 'budget_exceeded', retryable: false, retryAfterMs: undefined })
  expect(used.detail).toMatchObject({ limitCredits: 10, usedCredits: 4, heldCredits: 5 })
})

test('all matching budgets must have room, and a refusal takes none', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const put = (scopeType: BudgetScope, scopeId: string | undefined, limit: number) =>
    engine.putBudget({ organizationId, scopeType, scopeId, period: 'day', limitCredits: credits(limit) })
  await put('organization', undefined, 10)
  await put('member', 'ann', 5)
  await expect(ledger.hold(organizationId, 6, matching)).rejects.toMatchObject({
    detail: { scopeType: 'member' },
  })
  expect(await engine.listBudgets(organizationId)).toMatchObject([{ heldCredits: 0 }, { heldCredits: 0 }])
  await ledger.hold(organizationId, 5, matching)
  await expect(ledger.hold(organizationId, 6)).rejects.toMatchObject({
    detail: { scopeType: 'organization' },
  })
})

test('a soft budget refuses nothing and tells at 80 and 100 %, once each', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'week',
    limitCredits: credits(10),
    isHard: false,
  })
  const told = []
  for (const amount of [7.99, 0.01, 1.5, 0.5, 6]) {
    await ledger.spend(organizationId, amount)
    told.push((await ledger.eventTypes(organizationId)).filter((type) => type === 'budget.threshold').length)
  }
  expect(told).toEqual([0, 1, 1, 2, 2])
})

test.each([
  ['day', '2031-05-06', '2031-05-06T00:00:00.000Z'],
  ['week', '2031-05-12', '2031-05-12T00:00:00.000Z'],
  ['month', '2031-06-01', '2031-06-01T00:00:00.000Z'],
] as const)(
  'a UTC %s: a call counts in the window in which it was admitted, whenever it ends',
  async (period, next, resetsAt) => {
    const organizationId = await ledger.createOrganization('pro')
    await engine.putBudget({ organizationId, scopeType: 'organization', period, limitCredits: credits(10) })
    const end = new Date(resetsAt).getTime()
    await ledger.setClock(organizationId, new Date(end - minutes(20)))
    const settled = await ledger.hold(organizationId, 4, { leaseSeconds: 3600 })
    const released = await ledger.hold(organizationId, 4, { leaseSeconds: 3600 })
    const refused = ledger.hold(organizationId, 3)
    await expect(refused).rejects.toMatchObject({ code: 'budget_exceeded', detail: { period } })
    const { detail } = await refused.catch((error) => error)
    expect(new Date(detail.resetsAt).toISOString()).toBe(resetsAt)

    await ledger.setClock(organizationId, new Date(end))
    await ledger.hold(organizationId, 9)
    await ledger.settle(organizationId, settled, 6)
    await engine.releaseCredits({ organizationId, reservationId: released })
    const [first, second] = await windows(organizationId)
    expect(first).toMatch(/ 6\.00 0\.00$/)
    expect(second).toBe(`${next} 0.00 9.00`)
  },
)

test('a late settle corrects the window of admission', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'day',
    limitCredits: credits(10),
  })
  await ledger.setClock(organizationId, new Date(monday + days(1) - minutes(2)))
  const reservationId = await ledger.hold(organizationId, 4, { isDispatched: true })
  await ledger.setClock(organizationId, new Date(monday + days(1) + minutes(10)))
  await engine.cleanupReservations()
  expect(await windows(organizationId)).toEqual(['2031-05-05 4.00 0.00'])
  await ledger.settle(organizationId, reservationId, 1.5)
  expect(await windows(organizationId)).toEqual(['2031-05-05 1.50 0.00'])
})

test('a late settle tells a threshold that it passes', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'month',
    limitCredits: credits(10),
    isHard: false,
  })
  const reservationId = await ledger.hold(organizationId, 2)
  await ledger.moveClock(organizationId, minutes(6))
  await engine.cleanupReservations()
  await ledger.settle(organizationId, reservationId, 8)
  expect(
    (await ledger.eventTypes(organizationId)).filter((type) => type === 'budget.threshold'),
  ).toHaveLength(1)
})

test('on an unlimited plan budgets count all the same', async () => {
  const organizationId = await ledger.createOrganization('unlimited')
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'day',
    limitCredits: credits(10),
  })
  await ledger.spend(organizationId, 8)
  await expect(ledger.hold(organizationId, 3)).rejects.toMatchObject({ code: 'budget_exceeded' })
})

test('put again it changes the limit; deleted it refuses nothing', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const budget = { organizationId, scopeType: 'organization', period: 'day' } as const
  const { id: budgetId } = await engine.putBudget({ ...budget, limitCredits: credits(1) })
  await expect(ledger.hold(organizationId, 2)).rejects.toMatchObject({ code: 'budget_exceeded' })
  expect(await engine.putBudget({ ...budget, limitCredits: credits(3) })).toMatchObject({ id: budgetId })
  const reservationId = await ledger.hold(organizationId, 2)
  await expect(ledger.hold(organizationId, 2)).rejects.toMatchObject({ code: 'budget_exceeded' })
  expect(await engine.deleteBudget({ organizationId, budgetId })).toBe(true)
  expect(await engine.deleteBudget({ organizationId, budgetId })).toBe(false)
  await ledger.hold(organizationId, 100)
  await ledger.settle(organizationId, reservationId, 2)
})

test("listed, a budget shows the window of the organization's time", async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.setClock(organizationId, new Date(monday))
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'week',
    limitCredits: credits(10),
  })
  await ledger.spend(organizationId, 8)
  const thisWeek = { usedCredits: 800, resetsAt: new Date(monday + days(7)) }
  expect(await engine.listBudgets(organizationId)).toMatchObject([thisWeek])
  await ledger.setClock(organizationId, new Date(monday + days(7)))
  expect(await engine.listBudgets(organizationId)).toMatchObject([{ usedCredits: 0 }])
})

test('200 at once stay within a budget', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'month',
    limitCredits: credits(37),
  })
  const other = ledger.openEngine({ maxBatch: 11 })
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) =>
      (i % 2 === 0 ? engine : other.engine).reserveCredits({
        organizationId,
        capability: 'reply',
        estimatedCredits: credits(1),
      }),
    ),
  )
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(37)
  await other.close()
})

test('a customer has so many calls in the last 24 hours, counted exactly; a release gives one back', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const customerLimits = [
    { key: 'form:1:customer:eve', limit: 3 },
    { key: 'form:1', limit: 5 },
  ]
  const noon = monday + days(0.5)
  const ids = []
  for (const minute of [0, 10, 20]) {
    await ledger.freezeClock(organizationId, new Date(noon + minutes(minute)))
    ids.push(await ledger.hold(organizationId, 1, { customerLimits }))
  }
  const refusal = await ledger.hold(organizationId, 1, { customerLimits }).catch((error) => error)
  expect(refusal).toMatchObject({
    code: 'customer_limit_exceeded',
    retryAfterMs: days(1) - minutes(20),
    detail: { key: 'form:1:customer:eve', limit: 3, used: 3, window: 'day' },
  })
  const others = [
    { key: 'form:1:customer:ada', limit: 3 },
    { key: 'form:1', limit: 5 },
  ]
  for (let i = 0; i < 2; i += 1) await ledger.hold(organizationId, 1, { customerLimits: others })
  await expect(ledger.hold(organizationId, 1, { customerLimits: others })).rejects.toMatchObject({
    detail: { key: 'form:1' },
  })
  await ledger.settle(organizationId, ids[1] ?? '', 1)
  await expect(ledger.hold(organizationId, 1, { customerLimits })).rejects.toThrow()
  await engine.releaseCredits({ organizationId, reservationId: ids[2] ?? '' })
  ids.push(await ledger.hold(organizationId, 1, { customerLimits }))

  await ledger.freezeClock(organizationId, new Date(noon + days(1) - 1))
  await expect(ledger.hold(organizationId, 1, { customerLimits })).rejects.toMatchObject({ retryAfterMs: 1 })
  await ledger.freezeClock(organizationId, new Date(noon + days(1)))
  await ledger.hold(organizationId, 1, { customerLimits })
  await expect(ledger.hold(organizationId, 1, { customerLimits })).rejects.toThrow()
})

test('a budget that is set while others remove it is set, or refused by name', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const limitCredits = credits(10)
  const put = async () => {
    const set = { organizationId, scopeType: 'organization', period: 'day', limitCredits } as const
    const { id: budgetId } = await engine.putBudget(set)
    return await engine.deleteBudget({ organizationId, budgetId })
  }
  const ended = await Promise.allSettled(Array.from({ length: 200 }, put))
  const refused = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  expect(new Set([...refused, 'not_found'])).toEqual(new Set(['not_found']))
  expect(ended.some(({ status }) => status === 'fulfilled')).toBe(true)
  expect(await engine.listBudgets(organizationId)).toEqual([])
})

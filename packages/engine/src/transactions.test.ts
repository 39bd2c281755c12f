import { expect, test } from 'vitest'
import { days, hours, minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

test('pages follow each other without gap or double, newest first, while rows are added', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  for (let i = 0; i < 11; i += 1) await ledger.spend(organizationId, 1)
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await engine.listTransactions({ organizationId, limit: 5, cursor })
    seen.push(...page.transactions.map(({ sequence }) => sequence))
    cursor = page.nextCursor ?? undefined
    await ledger.spend(organizationId, 1)
  } while (cursor !== undefined)
  expect(seen).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

test('filters: type, capability, actor and date', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const call = async (input: object) =>
    ledger.settle(organizationId, await ledger.hold(organizationId, 1, input), 1)
  await call({ actor: { type: 'member', id: 'ann' } })
  await ledger.moveClock(organizationId, days(1))
  await call({ actor: { type: 'member', id: 'bob' }, capability: 'draft' })
  const sequences = async (filter: object) =>
    (await engine.listTransactions({ organizationId, ...filter })).transactions.map(
      ({ sequence }) => sequence,
    )
  expect(await sequences({})).toEqual([3, 2, 1])
  expect(await sequences({ type: 'ai_consumption' })).toEqual([3, 2])
  expect(await sequences({ capability: 'draft' })).toEqual([3])
  expect(await sequences({ actorId: 'ann' })).toEqual([2])
  expect(await sequences({ quality: 'fast' })).toEqual([3, 2])
  expect(await sequences({ quality: 'none' })).toEqual([])
  expect(await sequences({ model: 'none' })).toEqual([])
  const [{ reservationId } = { reservationId: null }] = (await engine.listTransactions({ organizationId }))
    .transactions
  expect(await sequences({ reservationId: reservationId ?? 'none' })).toEqual([3])
  expect(await sequences({ from: new Date(Date.now() + hours(1)) })).toEqual([3])
  expect(await sequences({ to: new Date(Date.now() + hours(1)) })).toEqual([2, 1])
  await expect(engine.listTransactions({ organizationId, cursor: 'x' })).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'cursor' },
  })
})

test('usage by day, capability, model and person, late refunds taken off', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.setClock(organizationId, new Date('2031-05-05T12:00:00Z'))
  const ann = { actor: { type: 'member', id: 'ann' } } as const
  await ledger.settle(organizationId, await ledger.hold(organizationId, 1, ann), 2)
  const late = await ledger.hold(organizationId, 5, { isDispatched: true, capability: 'draft' })
  await ledger.moveClock(organizationId, days(1))
  await engine.cleanupReservations()
  await ledger.settle(organizationId, late, 1.5)
  const period = { organizationId, from: new Date('2031-05-01'), to: new Date('2031-06-01') }
  const usage = async (groupBy: 'day' | 'capability' | 'model' | 'actor') =>
    (await engine.getUsage({ ...period, groupBy })).map(({ group, calls, credits: used }) => [
      group,
      calls,
      used,
    ])
  expect(await usage('day')).toEqual([
    ['2031-05-05', 1, 200],
    ['2031-05-06', 1, 150],
  ])
  expect(await usage('capability')).toEqual([
    ['draft', 1, 150],
    ['reply', 1, 200],
  ])
  expect(await usage('model')).toEqual([[null, 2, 350]])
  expect(await usage('actor')).toEqual([
    ['member:ann', 1, 200],
    [null, 1, 150],
  ])
})

test('usage split once more, and of what a filter leaves; people by name', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.setClock(organizationId, new Date('2031-05-05T12:00:00Z'))
  const spend = async (id: string, capability: string, amount: number) => {
    const call = { actor: { type: 'member', id, name: id.toUpperCase() }, capability } as const
    await ledger.settle(organizationId, await ledger.hold(organizationId, amount, call as object), amount)
  }
  await spend('ann', 'reply', 1)
  await spend('ann', 'draft', 2)
  await spend('bob', 'reply', 4)
  const period = { organizationId, from: new Date('2031-05-01'), to: new Date('2031-06-01') }
  const byDay = await engine.getUsage({ ...period, groupBy: 'day', splitBy: 'capability' })
  expect(byDay.map(({ group, split, credits: used }) => [group, split, used])).toEqual([
    ['2031-05-05', 'draft', 200],
    ['2031-05-05', 'reply', 500],
  ])
  const byActor = async (filter: object) =>
    (await engine.getUsage({ ...period, groupBy: 'actor', ...filter })).map(
      ({ group, name, credits: used }) => `${group} ${name} ${used}`,
    )
  expect(await byActor({})).toEqual(['member:ann ANN 300', 'member:bob BOB 400'])
  expect(await byActor({ capability: 'reply' })).toEqual(['member:ann ANN 100', 'member:bob BOB 400'])
  expect(await byActor({ actorId: 'bob' })).toEqual(['member:bob BOB 400'])
  expect(await byActor({ model: 'none' })).toEqual([])
  await expect(engine.getUsage({ ...period, groupBy: 'day', splitBy: 'day' })).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'splitBy' },
  })
})

test('a forecast is the pace of two weeks at most, and says when credits run out before the period ends', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const forecast = () => engine.getForecast(organizationId)
  const none = { basisDays: null, dailyAverage: null, projectedUse: null, runsOutAt: null }
  expect(await forecast()).toMatchObject(none)
  await ledger.spend(organizationId, 10)
  // Less than a day says nothing.
  expect(await forecast()).toMatchObject(none)
  await ledger.moveClock(organizationId, days(10))
  const slow = await forecast()
  expect(slow).toMatchObject({ basisDays: 10, dailyAverage: 100, runsOutAt: null })
  const left = (slow.periodEndsAt.getTime() - Date.now() - days(10)) / days(1)
  expect(slow.projectedUse).toBeCloseTo(left * 100, -2)
  const { spendable } = await engine.checkCreditBalance(organizationId)
  if (spendable === null) throw new Error('pro is not unlimited')
  await ledger.spend(organizationId, spendable / 100 - 20)
  const fast = await forecast()
  // 20 credits are left at (10 + spent) / 10 a day.
  const daily = (10 + spendable / 100 - 20) / 10
  expect(fast.dailyAverage).toBeCloseTo(daily * 100, -1)
  const runsOut = Date.now() + days(10) + (20 / daily) * days(1)
  expect(Math.abs((fast.runsOutAt?.getTime() ?? 0) - runsOut)).toBeLessThan(minutes(2))
  // What was charged two weeks ago no longer counts.
  await ledger.moveClock(organizationId, days(15))
  expect(await forecast()).toMatchObject(none)
  await expect(engine.getForecast('nobody')).rejects.toMatchObject({ code: 'organization_not_found' })
})

test('an unlimited plan never runs out', async () => {
  const organizationId = await ledger.createOrganization('unlimited')
  await ledger.spend(organizationId, 50)
  await ledger.moveClock(organizationId, days(5))
  expect(await engine.getForecast(organizationId)).toMatchObject({ dailyAverage: 1000, runsOutAt: null })
})

test('verifyLedger names what an owner has tampered with', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const budget = { organizationId, scopeType: 'organization', period: 'month' } as const
  await engine.putBudget({ ...budget, limitCredits: credits(100) })
  await ledger.spend(organizationId, 1)
  await ledger.spend(organizationId, 2)
  const client = await ledger.database.owner.connect()
  const problems = async (tampering: string): Promise<string[]> => {
    await client.query('begin')
    await client.query('alter table stipend.credit_transactions disable trigger append_only')
    await client.query(tampering, [organizationId])
    const { rows } = await client.query('select * from stipend.verify_ledger($1)', [organizationId])
    await client.query('rollback')
    return [...new Set(rows.map(({ problem }) => String(problem)))].sort()
  }
  const where = 'where organization_id = $1 and sequence = 2'
  expect(await problems(`update stipend.credit_transactions set capability = 'other' ${where}`)).toEqual([
    'hash',
  ])
  expect(
    await problems(`update stipend.credit_transactions set amount = 0, bonus_amount = 0 ${where}`),
  ).toEqual(expect.arrayContaining(['balance_after', 'bonus', 'hash']))
  expect(await problems(`delete from stipend.credit_transactions ${where}`)).toContain('sequence_gap')
  expect(
    await problems(`delete from stipend.credit_transactions where organization_id = $1 and sequence = 3`),
  ).toContain('head')
  expect(
    await problems(
      'update stipend.organization_credit_balances set bonus = bonus + 1 where organization_id = $1',
    ),
  ).toEqual(['bonus', 'grants'])
  expect(
    await problems('update stipend.organization_credit_balances set reserved = 1 where organization_id = $1'),
  ).toEqual(['reserved'])
  expect(
    await problems(
      `update stipend.organization_credit_balances set next_due_at = next_due_at + interval '1 second'
       where organization_id = $1`,
    ),
  ).toEqual(['next_due_at'])
  const sources = 'stipend.credit_sources'
  expect(await problems(`delete from ${sources} where organization_id = $1`)).toEqual(['source'])
  expect(await problems(`update ${sources} set credits = 9 where organization_id = $1`)).toEqual(['source'])
  expect(await problems(`insert into ${sources} values ($1, 'a payment', 'topup_purchase', 5, 2)`)).toEqual([
    'source',
  ])
  expect(
    await problems('update stipend.budget_windows set used = used + 1 where organization_id = $1'),
  ).toEqual(['budget_used'])
  client.release()
})

test('a key acts for its organization until it is revoked', async () => {
  const organizationId = await ledger.createOrganization('free')
  const other = await ledger.createOrganization('free')
  const { apiKey, secret } = await engine.createApiKey({ organizationId, name: 'Server', scopes: ['ai:run'] })
  expect(await engine.verifyApiKey(secret)).toMatchObject({
    id: apiKey.id,
    organizationId,
    scopes: ['ai:run'],
  })
  for (const wrong of [
    secret.slice(0, -1),
    `${secret}x`,
    secret.replace('live', 'platform'),
    '',
    'sp_live_',
  ]) {
    expect(await engine.verifyApiKey(wrong)).toBeNull()
  }
  const { rows } = await ledger.database.owner.query('select * from stipend.api_keys where id = $1', [
    apiKey.id,
  ])
  expect(JSON.stringify(rows)).not.toContain(secret.slice(12))
  expect(await engine.revokeApiKey({ organizationId: other, id: apiKey.id })).toBe(false)
  expect(await engine.verifyApiKey(secret)).not.toBeNull()
  expect(await engine.revokeApiKey({ organizationId, id: apiKey.id })).toBe(true)
  expect(await engine.verifyApiKey(secret)).toBeNull()
  expect(await engine.listApiKeys(organizationId)).toMatchObject([
    { name: 'Server', revokedAt: expect.any(Date) },
  ])
  expect(await engine.listApiKeys(other)).toEqual([])
  await expect(
    engine.createApiKey({ organizationId: 'nobody', name: 'Key', scopes: ['ai:run'] }),
  ).rejects.toMatchObject({ code: 'organization_not_found' })
})

test('a posting tells who did it and why', async () => {
  const organizationId = await ledger.createOrganization('free')
  const { transaction } = await engine.adjustCredits({
    organizationId,
    credits: credits(2),
    reason: 'kept waiting',
    sourceId: 'ticket-9',
    actor: { type: 'member', id: 'operator' },
  })
  expect(transaction).toMatchObject({
    reason: 'kept waiting',
    sourceId: 'ticket-9',
    actor: { id: 'operator' },
  })
})

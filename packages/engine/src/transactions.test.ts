import { expect, test } from 'vitest'
import { days, hours, useLedger } from '../test/ledger.ts'
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

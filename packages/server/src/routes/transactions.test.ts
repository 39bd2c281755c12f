import { credits } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { roles } from '../context.ts'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

async function organizationWithHistory(): Promise<string> {
  const { key } = await api.createOrganization('pro')
  for (const [id, name] of [
    ['ann', '=HYPERLINK("http://x")'],
    ['bob', 'Bob, "B"'],
    ['cyd', '+1'],
  ]) {
    const actor = { type: 'member', id, name }
    const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply', actor } })
    await api.call('POST', `/reservations/${held.body.id}/settle`, { key, body: { actualCredits: 1.5 } })
  }
  return key
}

test('pages by keyset, newest first, each row once', async () => {
  const key = await organizationWithHistory()
  const sequences: number[] = []
  let path = '/credits/transactions?limit=2'
  for (;;) {
    const { status, body } = await api.call('GET', path, { key })
    expect(status).toBe(200)
    sequences.push(...body.transactions.map((row) => row.sequence))
    if (body.nextCursor === null) break
    path = `/credits/transactions?limit=2&cursor=${body.nextCursor}`
  }
  expect(sequences).toEqual([4, 3, 2, 1])
})

test('filters by type, capability, actor and time', async () => {
  const key = await organizationWithHistory()
  const count = async (query: string) =>
    (await api.call('GET', `/credits/transactions?${query}`, { key })).body.transactions.length
  expect(await count('type=ai_consumption')).toBe(3)
  expect(await count('capability=reply&actorId=ann')).toBe(1)
  expect(await count('from=2199-01-01')).toBe(0)
  expect(await count('to=2199-01-01T00:00:00%2B02:00')).toBe(4)
})

test('a row shows who, what, and decimals', async () => {
  const key = await organizationWithHistory()
  const { body } = await api.call('GET', '/credits/transactions?actorId=bob', { key })
  expect(body.transactions[0]).toMatchObject({
    type: 'ai_consumption',
    amount: -1.5,
    capability: 'reply',
    quality: 'fast',
    actor: { type: 'member', id: 'bob', name: 'Bob, "B"' },
    estimatedCredits: 0.5,
    estimationVariance: 1,
  })
  expect(body.transactions[0]).not.toHaveProperty('organizationId')
})

test.each([
  ['format=csv', {}],
  ['', { accept: 'text/csv' }],
])('as CSV (%s): every row, quoted, formulas neutralised, numbers left numbers', async (query, headers) => {
  const key = await organizationWithHistory()
  const { headers: answered, text } = await api.call('GET', `/credits/transactions?${query}`, {
    key,
    headers,
  })
  expect(answered.get('content-type')).toContain('text/csv')
  expect(answered.get('content-disposition')).toContain('attachment')
  const lines = text.trimEnd().split('\r\n')
  expect(lines).toHaveLength(5)
  expect(lines[0]).toContain('sequence,created_at,type,amount,balance_after')
  expect(lines[1]).toContain(",member,cyd,'+1,")
  expect(lines[2]).toContain(',member,bob,"Bob, ""B""",')
  expect(lines[3]).toContain(`,member,ann,"'=HYPERLINK(""http://x"")",`)
  expect(lines[3]).toContain(',ai_consumption,-1.5,')
})

test('CSV reads beyond one page of the database, and stops at a limit', async () => {
  const { key, organizationId } = await api.createOrganization('pro')
  for (let n = 0; n < 20; n += 1) {
    await Promise.all(
      Array.from({ length: 26 }, (_, m) =>
        api.stipend.engine.adjustCredits({
          organizationId,
          credits: 100 as never,
          reason: 'seed',
          sourceId: `seed-${n}-${m}`,
        }),
      ),
    )
  }
  const all = await api.call('GET', '/credits/transactions?format=csv', { key })
  expect(all.text.trimEnd().split('\r\n')).toHaveLength(1 + 521)
  const some = await api.call('GET', '/credits/transactions?format=csv&limit=3', { key })
  expect(some.text.trimEnd().split('\r\n')).toHaveLength(4)
})

test('a refusal of a CSV request is a problem', async () => {
  const { status, body } = await api.call('GET', '/credits/transactions?format=csv&cursor=x')
  expect({ status, code: body.code, field: body.field }).toEqual({
    status: 400,
    code: 'invalid_request',
    field: 'cursor',
  })
})

test('one row of the ledger, a charge with the price of its day; costs are told to admins and keys', async () => {
  const identify = async (request: Request) => {
    const role = roles.find((known) => known === request.headers.get('x-role'))
    const actor = { type: 'member', id: 'ann' } as const
    return role === undefined ? null : { organizationId: 'org_1', role, actor }
  }
  await using own = await createTestApi({ identify })
  const key = await own.createKey('org_1', ['credits:read', 'reservations:write'])
  const held = await own.call('POST', '/reservations', { key, body: { capability: 'reply' } })
  const usage = { model: 'mini', inputTokens: 1_000, outputTokens: 200 }
  const settled = await own.call('POST', `/reservations/${held.body.id}/settle`, { key, body: { usage } })
  expect(settled.status, settled.text).toBe(200)
  const [row] = (await own.call('GET', '/credits/transactions?type=ai_consumption', { key })).body
    .transactions
  if (row === undefined) throw new Error('Nothing was charged.')
  const path = `/credits/transactions/${row.sequence}`
  const { chargeBasis, ...same } = (await own.call('GET', path, { key })).body
  expect(same).toEqual(row)
  expect(row['costUsd']).toEqual(expect.any(String))
  expect(chargeBasis).toMatchObject({ markup: expect.any(Number), usdPerCredit: expect.any(String) })
  const as = async (role: string, url: string) =>
    (await own.call('GET', url, { key: undefined, headers: { 'x-role': role } })).body
  for (const role of ['viewer', 'member'])
    expect(await as(role, path)).toMatchObject({ costUsd: null, chargeBasis: null, amount: row['amount'] })
  expect(await as('admin', path)).toMatchObject({ costUsd: row['costUsd'], chargeBasis })
  expect((await as('member', '/credits/transactions')).transactions[0]).toMatchObject({ costUsd: null })
  expect((await as('member', '/credits/usage')).usage[0]).toMatchObject({ costUsd: null, calls: 1 })
  expect((await as('owner', '/credits/usage')).usage[0]).toMatchObject({ costUsd: row['costUsd'] })
  const allocation = await own.call('GET', '/credits/transactions/1', { key })
  expect(allocation.body).toMatchObject({ type: 'plan_allocation', chargeBasis: null })
  for (const missing of ['999', '0', '-1', 'x', '1.5', '123456789012345678']) {
    const answer = await own.call('GET', `/credits/transactions/${missing}`, { key })
    expect([missing, answer.status, answer.body.code]).toEqual([missing, 404, 'not_found'])
  }
})

test("customers' names are for members and admins' keys, not for viewers and keys that read credits", async () => {
  const actor = { type: 'member', id: 'ann' } as const
  const identify = async (request: Request) => {
    const named = request.headers.get('x-role')
    if (named === 'operator') return { organizationId: null, role: named, actor } as const
    const role = roles.find((known) => known === named)
    return role === undefined ? null : { organizationId: 'org_1', role, actor }
  }
  await using own = await createTestApi({ identify })
  const { engine } = own.stipend
  const customer = { type: 'customer', id: 'c1', name: 'Ada Example', email: 'ada@example.com' } as const
  const { id: reservationId } = await engine.reserveCredits({
    organizationId: 'org_1',
    capability: 'reply',
    actor: customer,
  })
  await engine.settleCredits({ organizationId: 'org_1', reservationId, actualCredits: credits(1) })
  const seen = async (who: { key?: string; role?: string }) => {
    const headers: Record<string, string> = { 'stipend-organization': 'org_1' }
    if (who.role !== undefined) headers['x-role'] = who.role
    const answers = await Promise.all(
      ['', '?format=csv'].map((query) =>
        own.call('GET', `/credits/transactions${query}`, { key: who.key, headers }),
      ),
    )
    for (const { status, text } of answers) expect([status, text.includes('c1')]).toEqual([200, true])
    return answers.map(({ text }) => text.includes('Ada') || text.includes('ada@'))
  }
  expect(await seen({ role: 'viewer' })).toEqual([false, false])
  expect(await seen({ key: await own.createKey('org_1', ['credits:read']) })).toEqual([false, false])
  expect(await seen({ role: 'member' })).toEqual([true, true])
  expect(await seen({ key: await own.createKey('org_1', ['admin']) })).toEqual([true, true])
  expect(await seen({ role: 'operator' })).toEqual([true, true])
})

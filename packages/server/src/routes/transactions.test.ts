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

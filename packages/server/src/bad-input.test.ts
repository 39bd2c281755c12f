import { apiKeyScopes } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routeAccess } from './route-access.ts'
import { createTestApi, type TestApi } from './test-support/api.ts'

let api: TestApi
let admin: string
beforeAll(async () => {
  api = await createTestApi()
  admin = await api.createKey(api.organizationId, ['admin'])
})
afterAll(() => api[Symbol.asyncDispose]())

const reservation = { capability: 'reply' }

test.each([
  ['no JSON', '{', 'body', 'must be JSON'],
  ['an empty text', '', 'body', 'must be JSON'],
  ['a list', [], 'body', 'must be an object'],
  ['a missing field', {}, 'capability', 'is required'],
  ['a wrong type', { capability: 7 }, 'capability', 'must be a text'],
  ['an unknown key', { ...reservation, capabilty: 'x' }, 'capabilty', 'is not known here'],
  [
    'an oversized text',
    { capability: 'x'.repeat(101) },
    'capability',
    'must be a text of 1 to 100 characters',
  ],
  ['an empty field', { capability: '' }, 'capability', 'must be a text of 1 to 100 characters'],
  ['a NUL', { capability: 'a\u0000b' }, 'capability', 'must not contain control characters'],
  ['a lone surrogate', { capability: 'a\ud800' }, 'capability', 'must be well-formed Unicode'],
  [
    'a negative amount',
    { ...reservation, estimatedCredits: -1 },
    'estimatedCredits',
    'must be greater than zero',
  ],
  ['a zero amount', { ...reservation, estimatedCredits: 0 }, 'estimatedCredits', 'must be greater than zero'],
  [
    'a too finely divided amount',
    { ...reservation, estimatedCredits: 0.125 },
    'estimatedCredits',
    'must have at most two decimal places',
  ],
  [
    'a tiny amount',
    { ...reservation, estimatedCredits: 1e-9 },
    'estimatedCredits',
    'must have at most two decimal places',
  ],
  [
    'a huge amount',
    { ...reservation, estimatedCredits: 1e30 },
    'estimatedCredits',
    'must be at most 99999999999.99',
  ],
  ['an amount as text', { ...reservation, estimatedCredits: '1' }, 'estimatedCredits', 'must be a number'],
  ['half a token', { ...reservation, promptTokens: 1.5 }, 'promptTokens', 'must be a whole number'],
  [
    'an actor of no kind',
    { ...reservation, actor: { type: 'cat', id: 'x' } },
    'actor.type',
    'must be one of member, api_key, customer',
  ],
  [
    'a NUL in a name',
    { ...reservation, actor: { type: 'member', id: 'x', name: '\u0000' } },
    'actor.name',
    'must not contain control characters',
  ],
])('%s is refused by field and rule', async (_name, body, field, rule) => {
  const answer = await api.call('POST', '/reservations', { body })
  expect(answer.status).toBe(400)
  expect(answer.body).toMatchObject({ code: 'invalid_request', field, rule, detail: `${field} ${rule}.` })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
})

test('several broken rules are told together', async () => {
  const { body } = await api.call('POST', '/reservations', { body: { capability: '', quality: 7, extra: 1 } })
  expect(body.errors.map(({ field }) => field)).toEqual(['capability', 'quality', 'extra'])
})

test('another content type than JSON is refused', async () => {
  const answer = await api.call('POST', '/reservations', {
    body: 'capability=reply',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'Content-Type' } })
})

test('a body over 1 MiB is refused, whether it says its length or not', async () => {
  const body = JSON.stringify({ capability: 'x'.repeat(1024 * 1024) })
  const answer = await api.call('POST', '/reservations', { body })
  expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
  const told = await api.call('POST', '/reservations', {
    body,
    headers: { 'content-length': String(body.length) },
  })
  expect(told.status).toBe(413)
})

test('settle takes exactly one of credits and usage', async () => {
  const held = await api.call('POST', '/reservations', { body: reservation })
  const path = `/reservations/${held.body.id}/settle`
  const usage = { model: 'mini', inputTokens: 1, outputTokens: 1 }
  for (const body of [{}, { actualCredits: 1, usage }]) {
    expect(await api.call('POST', path, { body })).toMatchObject({
      status: 400,
      body: { field: 'actualCredits' },
    })
  }
  const cached = await api.call('POST', path, { body: { usage: { ...usage, cachedInputTokens: 2 } } })
  expect(cached).toMatchObject({ status: 400, body: { field: 'usage.cachedInputTokens' } })
  const model = await api.call('POST', path, { body: { usage: { ...usage, model: 'other' } } })
  expect(model).toMatchObject({ status: 400, body: { field: 'usage.model', known: expect.any(Array) } })
})

test.each([
  ['/credits/transactions?limit=0', 'limit'],
  ['/credits/transactions?limit=501', 'limit'],
  ['/credits/transactions?limit=1e2', 'limit'],
  ['/credits/transactions?limit=1&limit=2', 'limit'],
  ['/credits/transactions?cursor=-1', 'cursor'],
  ['/credits/transactions?type=theft', 'type'],
  ['/credits/transactions?from=yesterday', 'from'],
  ['/credits/transactions?from=2026-02-30', 'from'],
  ['/credits/transactions?page=2', 'page'],
  ['/credits/transactions?capability=%00', 'capability'],
  ['/credits/usage?groupBy=colour', 'groupBy'],
])('%s is refused by field', async (path, field) => {
  const { status, body } = await api.call('GET', path)
  expect({ status, code: body.code, field: body.field }).toEqual({
    status: 400,
    code: 'invalid_request',
    field,
  })
})

test.each([
  ['GET', '/organizations/a%00b', 400],
  ['GET', '/organizations/%E0%A4%A', 404],
  ['GET', '/organizations/%FF%FE', 404],
  ['GET', `/organizations/${'x'.repeat(201)}`, 400],
  ['DELETE', '/budgets/%00', 400],
  ['DELETE', '/budgets/not-a-uuid', 404],
  ['DELETE', '/api-keys/%E0%A4', 404],
  ['GET', '/credits/transactions?capability=%E0%A4%A', 200],
])('%s %s answers %i', async (method, path, status) => {
  expect((await api.call(method, path, { key: admin })).status).toBe(status)
})

test.each([
  ['an unknown route', 'GET', '/nothing'],
  ['a trailing slash', 'GET', '/credits/balance/'],
])('%s is not found', async (_name, method, path) => {
  expect(await api.call(method, path)).toMatchObject({
    status: 404,
    body: { code: 'not_found', retryable: false },
  })
})

test('another method is refused with those that there are', async () => {
  const wrong = await api.call('DELETE', '/credits/balance')
  expect(wrong).toMatchObject({ status: 405, body: { code: 'method_not_allowed', retryable: false } })
  expect(wrong.headers.get('allow')).toBe('GET, HEAD')
  const budgets = await api.call('POST', '/budgets', { body: {} })
  expect([budgets.status, budgets.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT'])
  const settle = await api.call('GET', '/reservations/x/settle')
  expect([settle.status, settle.headers.get('allow')]).toEqual([405, 'POST'])
})

test.each([
  ['nothing', {}],
  ['both', { actualCredits: 1, usage: { model: 'mini', inputTokens: 1, outputTokens: 1 } }],
])('a settle with %s names what the body may have', async (_name, body) => {
  const held = await api.call('POST', '/reservations', { body: reservation })
  const answer = await api.call('POST', `/reservations/${held.body.id}/settle`, { body })
  expect(answer).toMatchObject({
    status: 400,
    body: { field: 'actualCredits', detail: 'actualCredits or usage must be given, exactly one of them.' },
  })
})

test('an unknown model is bad input, with the known ones', async () => {
  const answer = await api.call('POST', '/reservations', { body: { ...reservation, model: 'maxi' } })
  expect(answer).toMatchObject({
    status: 400,
    body: {
      field: 'model',
      known: ['large', 'mini', 'unpriced'],
      rule: 'must be one of large, mini, unpriced',
    },
  })
})

test('a budget on an unknown name is bad input, with the known ones', async () => {
  const put = (scopeType: string, scopeId: string) =>
    api.call('PUT', '/budgets', { key: admin, body: { scopeType, scopeId, period: 'day', limitCredits: 1 } })
  expect(await put('capability', 'replies')).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', field: 'scopeId', known: expect.arrayContaining(['reply']) },
  })
  const key = await put('api_key', 'nobody')
  expect(key).toMatchObject({ status: 400, body: { field: 'scopeId', known: expect.any(Array) } })
  expect(await put('planet', 'x')).toMatchObject({ status: 400, body: { field: 'scopeType' } })
})

test('a source that stands for something else is told as such', async () => {
  const grant = (credits: number) =>
    api.call('POST', `/organizations/${api.organizationId}/grants`, {
      key: api.platformKey,
      body: { type: 'promo', credits, sourceId: 'invoice-1' },
    })
  await grant(5)
  const { status, body } = await grant(6)
  expect([status, body.code, body.sourceId]).toEqual([422, 'idempotency_mismatch', 'invoice-1'])
  expect(`${body.title} ${body.detail}`).toMatch(/sourceId/)
  expect(`${body.title} ${body.detail}`).not.toMatch(/key/i)
})

test.each([
  ['nothing', {}],
  ['an unknown key', { authorization: `Bearer sp_live_${'x'.repeat(43)}` }],
  ['a key of the wrong form', { authorization: 'Bearer sp_x' }],
  ['no bearer', { authorization: 'Basic c3A6c3A=' }],
  ['a broken header', { authorization: 'Bearer' }],
])('credentials: %s is unauthenticated on every route', async (_name, headers) => {
  for (const route of Object.keys(routeAccess)) {
    const [method = '', path = ''] = route.split(' ')
    const answer = await api.call(method, path.replace('{id}', 'x'), { key: undefined, headers })
    expect({ route, status: answer.status, code: answer.body.code }).toEqual({
      route,
      status: 401,
      code: 'unauthenticated',
    })
  }
})

test('every protected route asks for its scope', async () => {
  for (const [route, { scopes }] of Object.entries(routeAccess)) {
    const [method = '', path = ''] = route.split(' ')
    const allowed: readonly string[] = scopes
    const other = apiKeyScopes.find((name) => name !== 'admin' && !allowed.includes(name)) ?? 'ai:run'
    const key = await api.createKey(api.organizationId, [other])
    const answer = await api.call(method, path.replace('{id}', api.organizationId), { key })
    expect({ route, status: answer.status, scope: answer.body.scope }).toEqual({
      route,
      status: 403,
      scope: scopes[0],
    })
  }
})

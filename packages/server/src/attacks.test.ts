import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openapiDocument } from './index.ts'
import { createTestApi, type TestApi } from './test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

describe('SQL in what is told', () => {
  const words = [
    `x'; set local role stipend_operator; --`,
    `x' or '1'='1`,
    `x\\'; drop schema stipend cascade; --`,
    `$1`,
    `$$; commit; $$`,
    `E'\\x27'`,
    '%',
    '_',
    `x"y`,
    `'`,
    `\\`,
    'stipend.organization_id',
  ]

  test.each(words)('an organization named %s is one like others', async (id) => {
    const path = `/organizations/${encodeURIComponent(id)}`
    const none = await api.call('GET', path, { key: api.platformKey })
    expect(none).toMatchObject({ status: 404, body: { code: 'organization_not_found' } })
    const put = await api.call('PUT', path, { key: api.platformKey, body: { name: id, plan: 'free' } })
    expect(put).toMatchObject({ status: 201, body: { id } })
    expect((await api.call('GET', path, { key: api.platformKey })).body).toMatchObject({ id, name: id })
    const key = await api.createKey(id, ['credits:read', 'reservations:write'])
    const balance = await api.call('GET', '/credits/balance', { key })
    expect([balance.status, balance.body['balance']]).toEqual([200, 20])
    const held = await api.call('POST', '/reservations', {
      key,
      body: { capability: 'reply', actor: { type: 'member', id, name: id }, subject: { type: id, id } },
      headers: { 'idempotency-key': id },
    })
    expect(held.status).toBe(201)
    const history = await api.call(
      'GET',
      `/credits/transactions?actorId=${encodeURIComponent(id)}&capability=${encodeURIComponent(id)}`,
      { key },
    )
    expect([history.status, history.body.transactions]).toEqual([200, []])
    expect(
      await api.stipend.engine.withOrganization(
        id,
        async (client) => (await client.query('select id from stipend.organizations')).rows,
      ),
    ).toEqual([{ id }])
  })
})

describe('fields that a body does not have', () => {
  interface Operation {
    requestBody?: { content: Record<string, { schema: { $ref?: string } }> }
  }
  const wanted: readonly [string, unknown][] = [
    ['organizationId', 'org_2'],
    ['role', 'operator'],
    ['scopes', ['admin']],
    ['isDispatched', true],
    ['remoteBy', null],
    ['leaseSeconds', 3600],
    ['customerLimits', []],
    ['is_unlimited', true],
  ]

  test('are refused by name on every route that takes one', async () => {
    const { paths } = openapiDocument(api.stipend.app) as { paths: Record<string, Record<string, Operation>> }
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, { requestBody }]) => requestBody !== undefined)
        .map(([method]) => ({ method: method.toUpperCase(), path })),
    )
    expect(routes.length).toBeGreaterThan(10)
    for (const { method, path } of routes) {
      for (const [field, value] of wanted) {
        if (path === '/api-keys' && field === 'scopes') continue
        // Operators name whose books they look at.
        if (path.startsWith('/operator/') && field === 'organizationId') continue
        const { status, body } = await api.call(method, path.replaceAll(/\{\w+\}/g, api.organizationId), {
          key: api.platformKey,
          body: { [field]: value },
          headers: path.startsWith('/organizations') ? {} : { 'stipend-organization': api.organizationId },
        })
        const named = body.errors?.map((error) => error['field'])
        expect([method, path, field, status, named]).toEqual([
          method,
          path,
          field,
          400,
          expect.arrayContaining([field]),
        ])
      }
    }
  })

  test('do not come by __proto__ either', async () => {
    const body =
      '{"capability":"reply","__proto__":{"isDryRun":true},"constructor":{"prototype":{"role":"operator"}}}'
    const { status } = await api.call('POST', '/reservations', { body })
    expect(status).toBe(400)
    expect(Object.hasOwn(Object.prototype, 'role')).toBe(false)
  })
})

describe('headers', () => {
  test('that proxies and frameworks heed elsewhere change nothing', async () => {
    const { body: held } = await api.call('POST', '/reservations', { body: { capability: 'reply' } })
    for (const headers of [
      { 'x-http-method-override': 'DELETE' },
      { 'x-method-override': 'DELETE' },
      { 'x-original-url': '/organizations/org_1' },
      { 'x-rewrite-url': '/organizations/org_1' },
      { 'x-hasura-role': 'operator', 'x-hasura-organization-id': 'org_2' },
      { 'x-stipend-organization': 'org_2' },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'javascript' },
    ]) {
      const answer = await api.call('GET', `/reservations/${held.id}`, { headers })
      expect([headers, answer.status, answer.body.id]).toEqual([headers, 200, held.id])
      expect(answer.text + JSON.stringify([...answer.headers])).not.toContain('evil.example')
    }
  })

  test('with line breaks come back in none', async () => {
    const answer = await api.call(
      'GET',
      `/credits/transactions?cursor=${encodeURIComponent('1\r\nSet-Cookie: a=b')}`,
    )
    expect(answer.status).toBe(400)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })
})

test.each([
  '/credits/../organizations/org_1/plan',
  '/credits/%2e%2e/organizations/org_1',
  '//credits/balance',
  '/CREDITS/BALANCE',
  '/credits/balance/',
  '/credits/balance;x=1',
  '/credits/balance%00',
  '/credits%2fbalance',
  '/.env',
  '/docs/..%2f..%2fpackage.json',
  '/docs/%2e%2e/package.json',
  '/docs/swagger-ui.css%00.json',
])('the path %s leads nowhere that needs no credentials', async (path) => {
  const { status } = await api.call('GET', path, { key: undefined })
  expect([401, 404, 405]).toContain(status)
})

test('JSON a hundred thousand levels deep is refused, and the next request answered', async () => {
  const deep = `{"capability":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  expect((await api.call('POST', '/reservations', { body: deep })).status).toBe(400)
  expect((await api.call('GET', '/credits/balance')).status).toBe(200)
})

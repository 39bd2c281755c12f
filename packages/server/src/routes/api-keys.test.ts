import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
let admin: string
beforeAll(async () => {
  api = await createTestApi()
  admin = await api.createKey(api.organizationId, ['admin'])
})
afterAll(() => api[Symbol.asyncDispose]())

test('a key is created, shown once, works, and ends when revoked', async () => {
  const created = await api.call('POST', '/api-keys', {
    key: admin,
    body: { name: 'reader', scopes: ['credits:read'], expiresAt: '2199-01-01T00:00:00Z' },
  })
  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({
    organizationId: api.organizationId,
    name: 'reader',
    scopes: ['credits:read'],
    createdBy: expect.stringMatching(/^api_key:/),
    expiresAt: '2199-01-01T00:00:00.000Z',
    revokedAt: null,
  })
  const key = created.body.secret
  expect(key).toMatch(/^sp_live_/)
  expect((await api.call('GET', '/credits/balance', { key })).status).toBe(200)
  const list = await api.call('GET', '/api-keys', { key: admin })
  expect(list.text).not.toContain(key)
  expect(list.body.apiKeys[0]).toMatchObject({ id: created.body.id, lastUsedAt: expect.any(String) })

  expect((await api.call('DELETE', `/api-keys/${created.body.id}`, { key: admin })).status).toBe(204)
  const refused = await api.call('GET', '/credits/balance', { key })
  expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  expect(refused.headers.get('www-authenticate')).toContain('Bearer')
})

test('an expired key is nobody at once, for organizations and the platform', async () => {
  for (const owner of [api.organizationId, null]) {
    const { apiKey, secret: key } = await api.stipend.engine.createApiKey({
      organizationId: owner,
      name: 'short-lived',
      scopes: ['credits:read'],
      expiresAt: new Date(Date.now() + 3_600_000),
    })
    const headers = { 'stipend-organization': api.organizationId }
    const read = () => api.call('GET', '/credits/balance', { key, headers })
    expect((await read()).status).toBe(200)
    await api.database.owner.query('update stipend.api_keys set expires_at = now() where id = $1', [
      apiKey.id,
    ])
    expect(await read()).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  }
})

test('rotation: both keys work until the old one is revoked, whose use can be seen', async () => {
  const { organizationId } = await api.createOrganization()
  const admin = await api.createKey(organizationId, ['admin'])
  const create = async (name: string) =>
    (await api.call('POST', '/api-keys', { key: admin, body: { name, scopes: ['credits:read'] } })).body
  const [old, next] = [await create('partner'), await create('partner, next')]
  const status = async (key: string) => (await api.call('GET', '/credits/balance', { key })).status
  const lastUse = async () => {
    const { body } = await api.call('GET', '/api-keys', { key: admin })
    return [old, next].map(({ id }) => body.apiKeys.find((row) => row['id'] === id)?.['lastUsedAt'])
  }
  expect(await lastUse()).toEqual([null, null])
  expect(await status(next.secret)).toBe(200)
  expect(await lastUse()).toEqual([null, expect.any(String)])
  expect(await status(old.secret)).toBe(200)
  expect((await api.call('DELETE', `/api-keys/${old.id}`, { key: admin })).status).toBe(204)
  expect(await Promise.all([status(old.secret), status(next.secret)])).toEqual([401, 200])
})

test("another organization's key is neither listed nor revoked", async () => {
  const created = await api.call('POST', '/api-keys', {
    key: admin,
    body: { name: 'mine', scopes: ['ai:run'] },
  })
  const other = await api.createOrganization()
  const stranger = await api.createKey(other.organizationId, ['admin'])
  const list = await api.call('GET', '/api-keys', { key: stranger })
  expect(list.text).not.toContain(created.body.id)
  const revoked = await api.call('DELETE', `/api-keys/${created.body.id}`, { key: stranger })
  expect(revoked).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect((await api.call('GET', '/ai/capabilities', { key: created.body.secret })).status).toBe(200)
})

test('a platform key manages an organization by header, and the platform without', async () => {
  const key = api.platformKey
  const headers = { 'stipend-organization': api.organizationId }
  const body = { name: 'by platform', scopes: ['ai:run'] }
  const forOrganization = await api.call('POST', '/api-keys', { key, headers, body })
  expect(forOrganization.body.organizationId).toBe(api.organizationId)
  const forPlatform = await api.call('POST', '/api-keys', { key, body })
  expect(forPlatform.body).toMatchObject({
    organizationId: null,
    secret: expect.stringMatching(/^sp_platform_/),
  })
  const list = await api.call('GET', '/api-keys', { key })
  expect(list.body.apiKeys.map((row) => row.id)).toContain(forPlatform.body.id)
  const nobody = { 'stipend-organization': 'nobody' }
  expect(await api.call('GET', '/api-keys', { key, headers: nobody })).toMatchObject({ status: 404 })
  expect(await api.call('POST', '/api-keys', { key, headers: nobody, body })).toMatchObject({ status: 404 })
})

test('a replay of the Idempotency-Key answers the same key, without its secret, which is nowhere stored', async () => {
  const call = {
    key: admin,
    body: { name: 'once', scopes: ['ai:run'] },
    headers: { 'idempotency-key': 'new-key' },
  }
  const first = await api.call('POST', '/api-keys', call)
  const second = await api.call('POST', '/api-keys', call)
  expect(second.status).toBe(201)
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  expect(second.body).toEqual({
    ...first.body,
    secret: null,
    notice: expect.stringContaining('shown once'),
    replayed: true,
  })
  const stored = await api.database.owner.query('select body::text from stipend.idempotency_records')
  expect(JSON.stringify(stored.rows)).not.toContain(first.body.secret)
})

test('scopes have to be known, and a time to lie ahead', async () => {
  const scopes = await api.call('POST', '/api-keys', { key: admin, body: { name: 'x', scopes: ['root'] } })
  expect(scopes).toMatchObject({ status: 400, body: { field: 'scopes.0' } })
  const none = await api.call('POST', '/api-keys', { key: admin, body: { name: 'x', scopes: [] } })
  expect(none).toMatchObject({ status: 400, body: { field: 'scopes' } })
  const past = await api.call('POST', '/api-keys', {
    key: admin,
    body: { name: 'x', scopes: ['ai:run'], expiresAt: '2020-01-01' },
  })
  expect(past).toMatchObject({ status: 400, body: { field: 'expiresAt' } })
})

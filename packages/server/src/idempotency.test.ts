import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from './test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

function changePlan(organizationId: string, plan: string, idempotencyKey: string) {
  return api.call('POST', `/organizations/${organizationId}/plan`, {
    key: api.platformKey,
    body: { plan },
    headers: { 'idempotency-key': idempotencyKey },
  })
}

test('the same key and body answer the first answer again, another body is refused', async () => {
  const { organizationId } = await api.createOrganization()
  const first = await changePlan(organizationId, 'pro', 'key-1')
  expect(first.body.creditsAdded).toBe(490)
  expect(first.body.replayed).toBe(false)
  expect(first.headers.get('idempotency-replayed')).toBeNull()
  const second = await changePlan(organizationId, 'pro', 'key-1')
  expect(second.body).toEqual({ ...first.body, replayed: true })
  expect(second.headers.get('idempotency-replayed')).toBe('true')
  const other = await changePlan(organizationId, 'free', 'key-1')
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
})

test('a replay is told in one way, whoever remembers it: replayed, and the header', async () => {
  const { organizationId, key } = await api.createOrganization()
  const post = async (path: string, body?: unknown, headers = {}) => {
    const answer = await api.call('POST', path, {
      key: path.includes('grants') ? api.platformKey : key,
      body,
      headers,
    })
    return [answer.status, answer.body.replayed, answer.headers.get('idempotency-replayed')]
  }
  const grants = `/organizations/${organizationId}/grants`
  const grant = { type: 'promo', credits: 5, sourceId: 'told' }
  const named = { 'idempotency-key': 'told' }
  expect(await post(grants, grant, named)).toEqual([201, false, null])
  expect(await post(grants, grant, named), 'the stored answer').toEqual([201, true, 'true'])
  expect(await post(grants, grant), 'the source').toEqual([200, true, 'true'])
  const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply' }, headers: named })
  const settle = [`/reservations/${held.body.id}/settle`, { actualCredits: 1 }] as const
  expect(await post(...settle)).toEqual([200, false, null])
  expect(await post(...settle)).toEqual([200, true, 'true'])
  expect(await post('/reservations', { capability: 'reply' }, named)).toEqual([200, true, 'true'])
  expect(await post(`/reservations/${held.body.id}/release`)).toEqual([200, true, 'true'])
})

test('a key belongs to one organization', async () => {
  const one = await api.createOrganization()
  const two = await api.createOrganization()
  await changePlan(one.organizationId, 'pro', 'shared')
  expect((await changePlan(two.organizationId, 'pro', 'shared')).body.creditsAdded).toBe(490)
})

test('a thousand-fold retry has one effect; who comes while it runs is told so', async () => {
  const { organizationId, key } = await api.createOrganization()
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      api.call('POST', `/organizations/${organizationId}/grants`, {
        key: api.platformKey,
        body: { type: 'promo', credits: 5, sourceId: 'crowd' },
        headers: { 'idempotency-key': 'crowd' },
      }),
    ),
  )
  const statuses = new Set(answers.map(({ status }) => status))
  expect(statuses.has(201)).toBe(true)
  expect([...statuses].every((status) => status === 201 || status === 409)).toBe(true)
  const balance = await api.call('GET', '/credits/balance', { key })
  expect(balance.body.bonusCredits).toBe(15)
})

test('a running request is told, and taken over once its server must have ended', async () => {
  const { organizationId } = await api.createOrganization()
  await changePlan(organizationId, 'pro', 'lost')
  const forget = (age: string) =>
    api.database.owner.query(
      `update stipend.idempotency_records set status = null, body = null, created_at = now() - $2::interval
       where organization_id = $1 and key like '%lost'`,
      [organizationId, age],
    )
  await forget('1 minute')
  const running = await changePlan(organizationId, 'pro', 'lost')
  expect(running).toMatchObject({ status: 409, body: { code: 'request_in_flight' } })
  expect(running.headers.get('retry-after')).toBe('1')
  await forget('6 minutes')
  expect((await changePlan(organizationId, 'pro', 'lost')).status).toBe(200)
})

test('a record older than 48 hours is forgotten', async () => {
  const { organizationId } = await api.createOrganization()
  await changePlan(organizationId, 'pro', 'old')
  await api.database.owner.query(
    `update stipend.idempotency_records set created_at = now() - interval '49 hours' where organization_id = $1`,
    [organizationId],
  )
  const later = await changePlan(organizationId, 'free', 'old')
  expect(later).toMatchObject({ status: 200, body: { pendingPlan: 'free' } })
})

test('a refusal is kept with its status, a server error is not', async () => {
  const { organizationId } = await api.createOrganization()
  const first = await changePlan(organizationId, 'gold', 'refused')
  const second = await changePlan(organizationId, 'gold', 'refused')
  expect(second).toMatchObject({ status: 400, body: first.body })
  expect(second.headers.get('content-type')).toBe('application/problem+json')

  await api.database.owner.query('alter function stipend.change_plan(text, text) rename to away')
  const failed = await changePlan(organizationId, 'pro', 'failed')
  await api.database.owner.query('alter function stipend.away(text, text) rename to change_plan')
  expect(failed.status).toBe(503)
  expect((await changePlan(organizationId, 'pro', 'failed')).status).toBe(200)
})

test('a key of the wrong form is refused', async () => {
  const long = await changePlan(api.organizationId, 'pro', 'x'.repeat(201))
  expect(long).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'Idempotency-Key' } })
  const reserve = await api.call('POST', '/reservations', {
    body: { capability: 'reply' },
    headers: { 'idempotency-key': '' },
  })
  expect(reserve).toMatchObject({ status: 400, body: { field: 'Idempotency-Key' } })
})

test("an organization's keys and the platform's keys for it are apart", async () => {
  const { organizationId } = await api.createOrganization()
  const headers = { 'idempotency-key': 'invoice-1' }
  const key = await api.createKey(organizationId, ['admin'])
  const taken = await api.call('POST', '/api-keys', { key, headers, body: { name: 'x', scopes: ['ai:run'] } })
  expect(taken.status).toBe(201)
  const granted = await api.call('POST', `/organizations/${organizationId}/grants`, {
    key: api.platformKey,
    headers,
    body: { type: 'promo', credits: 5, sourceId: 'invoice-1' },
  })
  expect(granted).toMatchObject({ status: 201, body: { replayed: false } })
})

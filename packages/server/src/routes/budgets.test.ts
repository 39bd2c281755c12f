import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
let key: string
beforeAll(async () => {
  api = await createTestApi()
  key = await api.createKey(api.organizationId, ['admin'])
})
afterAll(() => api[Symbol.asyncDispose]())

test('are set, changed, listed and removed', async () => {
  const scope = { scopeType: 'member', scopeId: 'ann', period: 'week' }
  const set = await api.call('PUT', '/budgets', { key, body: { ...scope, limitCredits: 12.5 } })
  expect(set).toMatchObject({
    status: 200,
    body: { ...scope, limitCredits: 12.5, isHard: true, usedCredits: 0 },
  })
  const changed = await api.call('PUT', '/budgets', {
    key,
    body: { ...scope, limitCredits: 20, isHard: false },
  })
  expect(changed.body).toMatchObject({ id: set.body.id, limitCredits: 20, isHard: false })
  const list = await api.call('GET', '/budgets', { key })
  expect(list.body.budgets).toEqual([changed.body])
  const removed = await api.call('DELETE', `/budgets/${set.body.id}`, { key })
  expect(removed).toMatchObject({ status: 204, text: '' })
  const again = await api.call('DELETE', `/budgets/${set.body.id}`, { key })
  expect(again).toMatchObject({ status: 404, body: { code: 'not_found' } })
})

test('of another organization are not there', async () => {
  const set = await api.call('PUT', '/budgets', {
    key,
    body: { scopeType: 'organization', period: 'month', limitCredits: 1 },
  })
  const other = await api.createOrganization()
  const stranger = await api.createKey(other.organizationId, ['admin'])
  expect((await api.call('GET', '/budgets', { key: stranger })).body).toEqual({ budgets: [] })
  expect((await api.call('DELETE', `/budgets/${set.body.id}`, { key: stranger })).status).toBe(404)
  expect((await api.call('GET', '/budgets', { key })).body.budgets).toHaveLength(1)
})

test('need admin, and a scope of their own', async () => {
  expect(await api.call('GET', '/budgets')).toMatchObject({ status: 403, body: { scope: 'admin' } })
  const without = await api.call('PUT', '/budgets', {
    key,
    body: { scopeType: 'member', period: 'day', limitCredits: 1 },
  })
  expect(without).toMatchObject({ status: 400, body: { field: 'scopeId' } })
  const zero = await api.call('PUT', '/budgets', {
    key,
    body: { scopeType: 'organization', period: 'day', limitCredits: 0 },
  })
  expect(zero).toMatchObject({
    status: 400,
    body: { field: 'limitCredits', rule: 'must be greater than zero' },
  })
})

test("a key's own budget caps it, whomever it names as actor", async () => {
  const { organizationId } = await api.createOrganization('pro')
  const { apiKey, secret: key } = await api.stipend.engine.createApiKey({
    organizationId,
    name: 'Partner',
    scopes: ['reservations:write'],
  })
  const admin = await api.createKey(organizationId, ['admin'])
  const budget = { scopeType: 'api_key', scopeId: apiKey.id, period: 'day', limitCredits: 3 }
  expect((await api.call('PUT', '/budgets', { key: admin, body: budget })).status).toBe(200)
  const reserve = (id: string) =>
    api.call('POST', '/reservations', {
      key,
      body: { capability: 'reply', estimatedCredits: 2, actor: { type: 'member', id } },
    })
  expect((await reserve('ann')).status).toBe(201)
  expect(await reserve('bob')).toMatchObject({
    status: 402,
    body: { code: 'budget_exceeded', scope: 'api_key', scopeId: apiKey.id },
  })
})

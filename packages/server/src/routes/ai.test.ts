import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

test('capabilities are those of the plan', async () => {
  const { key } = await api.createOrganization('pro')
  const { body } = await api.call('GET', '/ai/capabilities', { key })
  expect(body.capabilities.map((offer) => offer.capability)).toEqual(['reply', 'summary'])
  expect(body.capabilities[0]?.['qualities']).toEqual([
    { quality: 'fast', name: 'Fast', estimatedCredits: 0.5, models: ['mini', 'large'], isDefault: true },
    { quality: 'enhanced', name: 'Enhanced', estimatedCredits: 2, models: ['large'], isDefault: false },
  ])
})

test('access-check decides per allowed quality level and holds nothing', async () => {
  const { key } = await api.createOrganization('pro')
  const { status, body } = await api.call('POST', '/ai/access-check', { key, body: { capability: 'reply' } })
  expect(status).toBe(200)
  expect(body).toMatchObject({
    capability: 'reply',
    isAllowed: true,
    balance: 500,
    spendable: 500,
    refusal: null,
  })
  expect(body.qualities).toMatchObject([
    { quality: 'fast', isAllowed: true, estimatedCredits: 0.5, refusal: null },
    { quality: 'enhanced', isAllowed: true, estimatedCredits: 2, refusal: null },
  ])
  for (const quality of body.qualities)
    expect(quality.maximumCredits).toBeGreaterThanOrEqual(quality.estimatedCredits)
  const after = await api.call('GET', '/credits/balance', { key })
  expect(after.body.reservedCredits).toBe(0)
})

test('access-check tells refusals with code and remedy, as an answer', async () => {
  const dear = await api.call('POST', '/ai/access-check', { body: { capability: 'costly' } })
  expect(dear).toMatchObject({ status: 200, body: { isAllowed: false, refusal: null } })
  expect(dear.body.qualities[0]).toMatchObject({
    isAllowed: false,
    estimatedCredits: null,
    refusal: {
      code: 'insufficient_credits',
      status: 402,
      scope: 'organization',
      remedy: { action: 'top_up', shortfall: 78, topup: { packageId: 'starter', quantity: 1 } },
    },
  })
  const outside = await api.call('POST', '/ai/access-check', { body: { capability: 'summary' } })
  expect(outside.body).toMatchObject({
    isAllowed: false,
    qualities: [],
    refusal: { code: 'not_in_plan', scope: 'plan', remedy: { action: 'change_plan', plan: { plan: 'pro' } } },
  })
  const level = await api.call('POST', '/ai/access-check', {
    body: { capability: 'reply', quality: 'premium' },
  })
  expect(level.body).toMatchObject({
    isAllowed: false,
    refusal: { code: 'quality_not_allowed', remedy: { allowedQualities: ['fast'] } },
    qualities: [{ quality: 'premium', isAllowed: false, refusal: { code: 'quality_not_allowed' } }],
  })
})

test('access-check refuses names that nobody knows', async () => {
  const capability = await api.call('POST', '/ai/access-check', { body: { capability: 'sing' } })
  expect(capability).toMatchObject({ status: 404, body: { code: 'capability_not_found' } })
  expect(capability.body.remedy).toMatchObject({ action: 'choose', known: expect.arrayContaining(['reply']) })
  const quality = await api.call('POST', '/ai/access-check', {
    body: { capability: 'reply', quality: 'best' },
  })
  expect(quality).toMatchObject({ status: 404, body: { code: 'quality_not_found' } })
  const model = await api.call('POST', '/ai/access-check', { body: { capability: 'reply', model: 'maxi' } })
  expect(model).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'model' } })
})

test('ai:run or credits:read is enough to ask, reservations:write is not', async () => {
  const runner = await api.createKey(api.organizationId, ['ai:run'])
  const holder = await api.createKey(api.organizationId, ['reservations:write'])
  expect((await api.call('GET', '/ai/capabilities', { key: runner })).status).toBe(200)
  const refused = await api.call('POST', '/ai/access-check', { key: holder, body: { capability: 'reply' } })
  expect(refused).toMatchObject({ status: 403, body: { requiredScopes: ['ai:run', 'credits:read'] } })
})

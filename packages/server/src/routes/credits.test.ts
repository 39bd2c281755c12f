import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

async function charge(key: string, body: object, actualCredits: number): Promise<void> {
  const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply', ...body } })
  expect(held.status).toBe(201)
  const settled = await api.call('POST', `/reservations/${held.body.id}/settle`, {
    key,
    body: { actualCredits },
  })
  expect(settled.status).toBe(200)
}

test('the balance has the fields of the design, in plain decimals', async () => {
  const { key } = await api.createOrganization()
  await charge(key, {}, 0.75)
  const { status, body } = await api.call('GET', '/credits/balance', { key })
  expect(status).toBe(200)
  expect(body).toEqual({
    available: 21.25,
    spendable: 19.25,
    balance: 19.25,
    monthlyCredits: 9.25,
    monthlyAllocation: 10,
    bonusCredits: 10,
    reservedCredits: 0,
    debtCredits: 0,
    usedThisPeriod: 0.75,
    overdraftLimit: 2,
    periodStartsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    periodEndsAt: expect.any(String),
    unlimited: false,
  })
})

test('an unlimited plan has neither available nor spendable', async () => {
  const { key } = await api.createOrganization('team')
  const { body } = await api.call('GET', '/credits/balance', { key })
  expect(body).toMatchObject({ available: null, spendable: null, unlimited: true })
})

test('limits tell what is used of each window', async () => {
  const { key } = await api.createOrganization()
  await charge(key, {}, 1)
  const { body } = await api.call('GET', '/credits/limits', { key })
  expect(body.limits).toEqual([
    { capability: 'reply', window: 'minute', limit: 5, used: 1, retryAfterMs: null },
  ])
})

test('usage groups charges of the period', async () => {
  const { key } = await api.createOrganization('pro')
  await charge(key, { actor: { type: 'member', id: 'ann' } }, 1.25)
  await charge(key, { actor: { type: 'member', id: 'bob' } }, 2)
  const byActor = await api.call('GET', '/credits/usage?groupBy=actor', { key })
  expect(byActor.body.usage.map(({ group, creditsUsed }) => [group, creditsUsed])).toEqual([
    ['member:ann', 1.25],
    ['member:bob', 2],
  ])
  const byDay = await api.call('GET', '/credits/usage?from=2026-01-01&to=2199-01-01', { key })
  expect(byDay.body).toMatchObject({ groupBy: 'day', from: '2026-01-01T00:00:00.000Z' })
  expect(byDay.body.usage).toMatchObject([{ calls: 2, creditsUsed: 3.25 }])
  const none = await api.call('GET', '/credits/usage?from=2026-02-01&to=2026-01-01', { key })
  expect(none).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'from' } })
})

test('packages are listed, and buying one says that payments are not configured', async () => {
  const list = await api.call('GET', '/credits/topup-packages')
  expect(list.body.packages).toEqual([{ id: 'starter', name: 'Starter', credits: 100, priceUsdCents: 999 }])
  const bought = await api.call('POST', '/credits/purchase', { body: { packageId: 'starter' } })
  expect(bought).toMatchObject({ status: 503, body: { code: 'payments_not_configured', retryable: false } })
})

test('a read needs credits:read, and names it', async () => {
  const key = await api.createKey(api.organizationId, ['ai:run'])
  const { status, body } = await api.call('GET', '/credits/balance', { key })
  expect(status).toBe(403)
  expect(body).toMatchObject({
    code: 'forbidden',
    scope: 'credits:read',
    detail: 'This needs the scope credits:read.',
  })
})

test('the forecast and the plans on offer', async () => {
  const { organizationId } = await api.createOrganization('pro')
  const key = await api.createKey(organizationId, ['credits:read'])
  const forecast = await api.call('GET', '/credits/forecast', { key })
  expect(forecast.status).toBe(200)
  expect(forecast.body).toMatchObject({ basisDays: null, dailyAverage: null, runsOutAt: null })
  const plans = await api.call('GET', '/billing/plans', { key })
  expect(plans.status).toBe(200)
  expect(plans.body.current).toBe('pro')
  expect(plans.body.pending).toBe(null)
  const prices = plans.body.plans.map(({ priceUsdCents }) => priceUsdCents)
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect(plans.body.plans.filter(({ isCurrent }) => isCurrent).map(({ plan }) => plan)).toEqual(['pro'])
  const pro = plans.body.plans.find(({ plan }) => plan === 'pro')
  const offered = await api.call('GET', '/ai/capabilities', { key })
  expect(pro?.capabilities).toEqual(offered.body.capabilities.filter(({ isEnabled }) => isEnabled))
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Role, roles } from '../index.ts'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
let organizationId: string

beforeAll(async () => {
  api = await createTestApi({
    identify: async ({ headers }) => {
      const [role, id] = (headers.get('x-session') ?? '').split(' ')
      const known = roles.find((one) => one === role)
      if (known === undefined || id === undefined) return null
      return { organizationId, role: known, actor: { type: 'member', id } }
    },
  })
  organizationId = (await api.createOrganization('pro')).organizationId
})
afterAll(() => api[Symbol.asyncDispose]())

const ask = (role: Role, id: string, method: string, call: object = {}) =>
  api.call(method, '/notification-preferences', {
    key: undefined,
    headers: { 'x-session': `${role} ${id}` },
    ...call,
  })
const as = (role: Role, id: string) => ({
  get: () => ask(role, id, 'GET'),
  put: (body: object) => ask(role, id, 'PUT', { body }),
})
const defaults = {
  lowBalancePercent: 20,
  lowBalanceEmail: true,
  depletedEmail: true,
  weeklyDigestEmail: false,
  inApp: true,
  slack: { connected: false, lastError: null },
}

test('everybody has their own, the threshold is the organization’s', async () => {
  const ann = as('viewer', 'ann')
  const bob = as('admin', 'bob')
  expect((await ann.get()).body).toEqual(defaults)
  expect((await ann.put({ lowBalanceEmail: false })).body).toEqual({ ...defaults, lowBalanceEmail: false })
  // What is left out stays.
  expect((await ann.put({ weeklyDigestEmail: true })).body).toEqual({
    ...defaults,
    lowBalanceEmail: false,
    weeklyDigestEmail: true,
  })
  expect((await bob.get()).body).toEqual(defaults)
  expect((await bob.put({ lowBalancePercent: 35 })).body).toEqual({ ...defaults, lowBalancePercent: 35 })
  expect((await ann.get()).body).toMatchObject({ lowBalancePercent: 35, lowBalanceEmail: false })
})

test('the threshold and one’s own are changed together or not at all', async () => {
  const before = (await as('owner', 'bob').get()).body
  const wrong = await as('owner', 'bob').put({
    lowBalancePercent: 45,
    slackWebhookUrl: 'https://evil.example/x',
  })
  expect(wrong).toMatchObject({ status: 400, body: { field: 'slackWebhookUrl' } })
  expect((await as('owner', 'bob').get()).body).toEqual(before)
  const both = await as('owner', 'bob').put({ lowBalancePercent: 45, inApp: false })
  expect(both.body).toEqual({ ...before, lowBalancePercent: 45, inApp: false })
  await as('owner', 'bob').put({ lowBalancePercent: 35, inApp: true })
})

test('the threshold is no member’s to set, and from 10 to 50', async () => {
  const before = (await as('owner', 'bob').get()).body
  const refused = await as('member', 'ann').put({ lowBalancePercent: 40, depletedEmail: false })
  expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden', field: 'lowBalancePercent' } })
  for (const lowBalancePercent of [9, 51, 20.5, '20']) {
    const wrong = await as('owner', 'bob').put({ lowBalancePercent })
    expect(wrong).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(wrong.text).toContain('lowBalancePercent')
  }
  expect((await as('owner', 'bob').put({})).status).toBe(400)
  expect((await as('owner', 'bob').get()).body).toEqual(before)
  // Nothing of the refused request was done.
  expect((await as('member', 'ann').get()).body).toMatchObject({ depletedEmail: true })
})

test('the event comes at the organization’s threshold', async () => {
  const { key, organizationId: small } = await api.createOrganization('pro')
  const { engine } = api.stipend
  const { balance } = await engine.checkCreditBalance(small)
  await engine.putNotificationPreferences(
    { organizationId: small, actor: { type: 'member', id: 'x' } },
    { lowBalancePercent: 50 },
  )
  const held = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', estimatedCredits: balance / 100 / 2 },
  })
  await api.call('POST', `/reservations/${held.body.id}/settle`, {
    key,
    body: {
      actualCredits: balance / 100 - (await engine.checkCreditBalance(small)).monthlyAllocation / 100 / 2 + 1,
    },
  })
  const { rows } = await api.database.owner.query(
    `select type from stipend.outbox_events where organization_id = $1 and type = 'credits.low_balance'`,
    [small],
  )
  expect(rows).toHaveLength(1)
})

test('it goes with who is erased', async () => {
  const { engine } = api.stipend
  await as('member', 'eve').put({ depletedEmail: false })
  await engine.eraseParty({ organizationId, type: 'member', id: 'eve' })
  expect((await as('member', 'eve').get()).body).toMatchObject({ depletedEmail: true })
})

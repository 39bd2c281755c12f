import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Call, createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const operate = (method: string, path: string, call: Call = {}) =>
  api.call(method, path, { key: api.platformKey, ...call })

test('PUT creates once, renames, and keeps the plan', async () => {
  const path = '/organizations/acme%20%C3%A9'
  const created = await operate('PUT', path, { body: { name: 'Acme', plan: 'free' } })
  expect(created).toMatchObject({ status: 201, body: { id: 'acme é', isNew: true, plan: 'free' } })
  const again = await operate('PUT', path, { body: { name: 'Acme Ltd', plan: 'pro' } })
  expect(again).toMatchObject({ status: 200, body: { isNew: false, plan: 'free' } })
  const read = await operate('GET', path)
  expect(read.body).toMatchObject({
    id: 'acme é',
    name: 'Acme Ltd',
    plan: 'free',
    status: 'active',
    pendingPlan: null,
  })
})

test('PUT takes in an existing customer with what was left', async () => {
  const periodAnchor = new Date(Date.now() - 40 * 86_400_000).toISOString()
  const takeIn = { periodAnchor, monthlyCredits: 3.5, bonusCredits: 7 }
  await operate('PUT', '/organizations/old', { body: { name: 'Old', plan: 'free', takeIn } })
  const balance = await operate('GET', '/credits/balance', { headers: { 'stipend-organization': 'old' } })
  expect(balance.body).toMatchObject({ monthlyCredits: 3.5, bonusCredits: 7 })
})

test('PUT names the plans where the plan is unknown, and refuses a future anchor', async () => {
  const plan = await operate('PUT', '/organizations/new', { body: { name: 'New', plan: 'gold' } })
  expect(plan).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', field: 'plan', rule: 'must be one of free, pro, team' },
  })
  const takeIn = { periodAnchor: '2199-01-01' }
  const future = await operate('PUT', '/organizations/new', { body: { name: 'New', plan: 'free', takeIn } })
  expect(future).toMatchObject({ status: 400, body: { field: 'takeIn.periodAnchor' } })
})

test('a grant is posted once per source, named in the body or by the key', async () => {
  const { organizationId, key } = await api.createOrganization()
  const path = `/organizations/${organizationId}/grants`
  const body = {
    type: 'promo',
    credits: 5,
    sourceId: 'campaign-1',
    expiresAt: '2199-01-01',
    reason: 'spring',
  }
  const granted = await operate('POST', path, { body })
  expect(granted).toMatchObject({
    status: 201,
    body: { replayed: false, transaction: { type: 'promo_bonus', amount: 5, sourceId: 'campaign-1' } },
  })
  const again = await operate('POST', path, { body })
  expect(again).toMatchObject({ status: 200, body: { replayed: true } })
  const other = await operate('POST', path, { body: { ...body, credits: 6 } })
  expect(other).toMatchObject({
    status: 422,
    body: { code: 'idempotency_mismatch', standingType: 'promo_bonus' },
  })
  const keyed = await operate('POST', path, {
    body: { type: 'admin', credits: 1 },
    headers: { 'idempotency-key': 'grant-key' },
  })
  expect(keyed.body.transaction.sourceId).toBe('grant-key')
  const balance = await api.call('GET', '/credits/balance', { key })
  expect(balance.body.bonusCredits).toBe(16)
})

test('a grant needs a source, and none of the names that Stipend posts under', async () => {
  const path = `/organizations/${api.organizationId}/grants`
  const none = await operate('POST', path, { body: { type: 'promo', credits: 5 } })
  expect(none).toMatchObject({ status: 400, body: { field: 'sourceId' } })
  const own = await operate('POST', path, { body: { type: 'promo', credits: 5, sourceId: '#allocation:1' } })
  expect(own).toMatchObject({ status: 400, body: { field: 'sourceId' } })
  const late = { type: 'promo', credits: 5, sourceId: 'late', expiresAt: '2020-01-01' }
  expect(await operate('POST', path, { body: late })).toMatchObject({
    status: 400,
    body: { field: 'expiresAt' },
  })
})

test('an adjustment may take, and names who did it', async () => {
  const { organizationId } = await api.createOrganization()
  const { status, body } = await operate('POST', `/organizations/${organizationId}/adjustments`, {
    body: { credits: -25.5, reason: 'charged twice', sourceId: 'ticket' },
  })
  expect(status).toBe(201)
  expect(body.transaction).toMatchObject({
    type: 'admin_adjustment',
    amount: -25.5,
    debtAmount: -5.5,
    reason: 'charged twice',
    actor: { type: 'api_key' },
  })
})

test('a plan goes up at once and down at the end of the period, revocably', async () => {
  const { organizationId } = await api.createOrganization()
  const path = `/organizations/${organizationId}/plan`
  const up = await operate('POST', path, { body: { plan: 'pro' } })
  expect(up.body).toEqual({
    plan: 'pro',
    pendingPlan: null,
    pendingChangeAt: null,
    creditsAdded: 490,
    replayed: false,
  })
  const down = await operate('POST', path, { body: { plan: 'free' } })
  expect(down.body).toMatchObject({ plan: 'pro', pendingPlan: 'free', creditsAdded: 0 })
  const back = await operate('POST', path, { body: { plan: 'pro' } })
  expect(back.body).toMatchObject({ pendingPlan: null })
  const gold = await operate('POST', path, { body: { plan: 'gold' } })
  expect(gold).toMatchObject({ status: 400, body: { field: 'plan' } })
})

test("an organization's admin key is no operator, and sees no other organization", async () => {
  const admin = await api.createKey(api.organizationId, ['admin'])
  const { organizationId: other } = await api.createOrganization()
  const grant = { type: 'admin', credits: 5, sourceId: 'mine' }
  for (const [method, path, body] of [
    ['PUT', `/organizations/${api.organizationId}`, { name: 'X', plan: 'pro' }],
    ['POST', `/organizations/${api.organizationId}/grants`, grant],
    ['POST', `/organizations/${api.organizationId}/adjustments`, { credits: 1, reason: 'x', sourceId: 'y' }],
    ['POST', `/organizations/${api.organizationId}/plan`, { plan: 'pro' }],
  ] as const) {
    const refused = await api.call(method, path, { key: admin, body })
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden', needsPlatformKey: true } })
  }
  expect((await api.call('GET', `/organizations/${api.organizationId}`, { key: admin })).status).toBe(200)
  const foreign = await api.call('GET', `/organizations/${other}`, { key: admin })
  const unknown = await api.call('GET', '/organizations/nobody', { key: admin })
  expect(foreign).toMatchObject({ status: 404, body: { code: 'organization_not_found' } })
  expect({ ...foreign.body, organizationId: '', requestId: '' }).toEqual({
    ...unknown.body,
    organizationId: '',
    requestId: '',
  })
  const byHeader = await api.call('GET', '/credits/balance', {
    key: admin,
    headers: { 'stipend-organization': other },
  })
  expect(byHeader).toMatchObject({ status: 404, body: { code: 'organization_not_found' } })
})

test('nobody can be found, granted to, or moved who does not exist', async () => {
  for (const [method, path, body] of [
    ['GET', '/organizations/nobody', undefined],
    ['POST', '/organizations/nobody/grants', { type: 'admin', credits: 1, sourceId: 's' }],
    ['POST', '/organizations/nobody/adjustments', { credits: 1, reason: 'r', sourceId: 's' }],
    ['POST', '/organizations/nobody/plan', { plan: 'pro' }],
  ] as const) {
    const { status, body: problem } = await operate(method, path, { body })
    expect({ path, status, code: problem.code }).toEqual({
      path,
      status: 404,
      code: 'organization_not_found',
    })
  }
})

import { credits } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Identity } from '../context.ts'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const unknownId = '01930000-0000-7000-8000-000000000000'

test('reserve, extend, settle, and the same settle again', async () => {
  const { key } = await api.createOrganization()
  const held = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', estimatedCredits: 2.5, subject: { type: 'testimonial', id: 't1' } },
  })
  expect(held.status).toBe(201)
  expect(held.body).toMatchObject({
    status: 'open',
    replayed: false,
    quality: 'fast',
    models: [{ key: 'mini', modelId: 'openai/gpt-4o-mini' }],
    estimatedCredits: 2.5,
    spendable: 17.5,
    creditsUsed: null,
  })
  const extended = await api.call('POST', `/reservations/${held.body.id}/extend`, {
    key,
    body: { dispatched: true, estimatedCredits: 3 },
  })
  expect(extended.body).toMatchObject({ reservationId: held.body.id, estimatedCredits: 3 })
  expect(Date.parse(extended.body.leaseExpiresAt)).toBeGreaterThan(Date.parse(held.body.leaseExpiresAt) - 1)

  const path = `/reservations/${held.body.id}/settle`
  const settled = await api.call('POST', path, { key, body: { actualCredits: 1.25 } })
  expect(settled.status).toBe(200)
  expect(settled.body).toMatchObject({
    status: 'settled',
    replayed: false,
    creditsUsed: 1.25,
    balanceRemaining: 18.75,
  })
  expect(settled.headers.get('x-credits-used')).toBe('1.25')
  expect(settled.headers.get('x-balance-remaining')).toBe('18.75')
  const again = await api.call('POST', path, { key, body: { actualCredits: 1.25 } })
  expect(again.body).toMatchObject({ replayed: true, creditsUsed: 1.25 })
  const other = await api.call('POST', path, { key, body: { actualCredits: 2 } })
  expect(other).toMatchObject({ status: 409, body: { code: 'settle_conflict', creditsUsed: 1.25 } })
  expect(other.body.standingStatus).toBe('settled')
})

test('settles by usage at the price of the model that served', async () => {
  const { key } = await api.createOrganization('pro')
  const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
  const settled = await api.call('POST', `/reservations/${held.body.id}/settle`, {
    key,
    body: { usage: { model: 'large', inputTokens: 500, outputTokens: 100 } },
  })
  // 500 × $2 + 100 × $8 a million: $0.0018, which is 1.8 credits, in quarters 2.
  expect(settled.body).toMatchObject({ creditsUsed: 2, balanceRemaining: 498 })
})

test('release drops the hold; a settle after it is refused', async () => {
  const { key } = await api.createOrganization()
  const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
  const released = await api.call('POST', `/reservations/${held.body.id}/release`, { key })
  expect(released).toMatchObject({ status: 200, body: { status: 'released', creditsUsed: 0 } })
  const settled = await api.call('POST', `/reservations/${held.body.id}/settle`, {
    key,
    body: { actualCredits: 1 },
  })
  expect(settled).toMatchObject({ status: 409, body: { code: 'reservation_released' } })
})

test('Idempotency-Key: open, ended, and with other parameters', async () => {
  const { key } = await api.createOrganization()
  const reserve = (body: object) =>
    api.call('POST', '/reservations', { key, body, headers: { 'idempotency-key': 'call-1' } })
  const held = await reserve({ capability: 'reply' })
  const running = await reserve({ capability: 'reply' })
  expect(running).toMatchObject({ status: 409, body: { code: 'request_in_flight', retryable: true } })
  expect(Number(running.headers.get('retry-after'))).toBeGreaterThan(0)
  const mismatch = await reserve({ capability: 'reply', promptTokens: 7 })
  expect(mismatch).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
  await api.call('POST', `/reservations/${held.body.id}/settle`, { key, body: { actualCredits: 1 } })
  const replay = await reserve({ capability: 'reply' })
  expect(replay).toMatchObject({
    status: 200,
    body: { id: held.body.id, replayed: true, status: 'settled', creditsUsed: 1 },
  })
})

test.each([
  ['capability_not_found', 404, { capability: 'sing' }],
  ['quality_not_found', 404, { capability: 'reply', quality: 'best' }],
  ['capability_disabled', 503, { capability: 'retired' }],
  ['not_in_plan', 403, { capability: 'summary' }],
  ['plan_disabled', 403, { capability: 'paused' }],
  ['quality_not_allowed', 403, { capability: 'reply', quality: 'enhanced' }],
  ['model_not_allowed', 403, { capability: 'reply', model: 'large' }],
  ['model_unpriced', 503, { capability: 'mystery' }],
  ['insufficient_credits', 402, { capability: 'costly' }],
])('refuses with %s', async (code, status, body) => {
  const answer = await api.call('POST', '/reservations', { body })
  expect(answer).toMatchObject({ status, body: { code, status, type: `urn:stipend:problem:${code}` } })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
})

test('rate_limited names window, limit and use, and when to come again', async () => {
  const { key } = await api.createOrganization()
  for (let n = 0; n < 5; n += 1) {
    expect((await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })).status).toBe(201)
  }
  const { status, body, headers } = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply' },
  })
  expect(status).toBe(429)
  expect(body).toMatchObject({ code: 'rate_limited', window: 'minute', limit: 5, used: 5, retryable: true })
  expect(headers.get('retry-after')).toBe(String(Math.ceil(body.retryAfterMs / 1000)))
})

test('budget_exceeded names the scope that refused', async () => {
  const { key, organizationId } = await api.createOrganization()
  await api.stipend.engine.putBudget({
    organizationId,
    scopeType: 'member',
    scopeId: 'ann',
    period: 'day',
    limitCredits: 100 as never,
  })
  const { body, status } = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', estimatedCredits: 1.5, actor: { type: 'member', id: 'ann' } },
  })
  expect(status).toBe(402)
  expect(body).toMatchObject({
    code: 'budget_exceeded',
    scope: 'member',
    scopeId: 'ann',
    limitCredits: 1,
    usedCredits: 0,
    heldCredits: 0,
    estimatedCredits: 1.5,
    retryable: false,
    resetsAt: expect.stringMatching(isoTime),
    remedy: { action: 'raise_budget', resetsAt: expect.stringMatching(isoTime) },
    detail: expect.stringContaining(
      'The budget of member ann is 1 credits a day: 0 used, 0 held, 1.5 asked for.',
    ),
  })
})

test('holds_in_flight where open holds stand in the way', async () => {
  const { key } = await api.createOrganization()
  const first = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', estimatedCredits: 20 },
  })
  expect(first.status).toBe(201)
  const { status, body, headers } = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', estimatedCredits: 15 },
  })
  expect(status).toBe(402)
  expect(body).toMatchObject({ code: 'holds_in_flight', retryable: true, reservedCredits: 20 })
  // The lease of five minutes
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(290)
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(300)
})

test('budget_exceeded where open holds alone stand in the way comes with Retry-After', async () => {
  const { key, organizationId } = await api.createOrganization()
  await api.stipend.engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'month',
    limitCredits: credits(3),
  })
  const reserve = () =>
    api.call('POST', '/reservations', { key, body: { capability: 'reply', estimatedCredits: 2 } })
  expect((await reserve()).status).toBe(201)
  const { status, body, headers } = await reserve()
  expect([status, body.code, body.retryable, body.remedy.action]).toEqual([
    402,
    'budget_exceeded',
    true,
    'retry',
  ])
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(290)
})

test('insufficient_credits offers only what covers the shortfall, in a sentence of its own', async () => {
  const { key } = await api.createOrganization('pro')
  const { body } = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', estimatedCredits: 752 },
  })
  expect(body).toMatchObject({
    code: 'insufficient_credits',
    retryable: false,
    shortfall: 250,
    periodEndsAt: expect.stringMatching(isoTime),
    remedy: {
      action: 'top_up',
      topup: { packageId: 'starter', quantity: 3, credits: 300, priceUsdCents: 2997 },
      plan: { plan: 'team' },
    },
    detail:
      'The call needs 752 credits and 502 are available: 250 are missing. ' +
      'No single package covers them: 3 of starter (300 credits) do, as does the plan team.',
  })
  expect(body.detail).not.toContain(body.title)
})

test('subscription_inactive asks to pay', async () => {
  const { key, organizationId } = await api.createOrganization()
  await api.stipend.engine.updateSubscription({ organizationId, paidUntil: null, isSuspended: true })
  const { status, body } = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
  expect(status).toBe(403)
  expect(body).toMatchObject({ code: 'subscription_inactive', remedy: { action: 'pay' }, status: 403 })
  expect(body.standingStatus).toBe('suspended')
})

test("another organization's reservation is as unknown as one that never was", async () => {
  const held = await api.call('POST', '/reservations', { body: { capability: 'reply' } })
  const stranger = await api.createOrganization()
  for (const [verb, body] of [
    ['settle', { actualCredits: 1 }],
    ['release', undefined],
    ['extend', {}],
  ]) {
    const foreign = await api.call('POST', `/reservations/${held.body.id}/${verb}`, {
      key: stranger.key,
      body,
    })
    const unknown = await api.call('POST', `/reservations/${unknownId}/${verb}`, { key: stranger.key, body })
    expect(foreign.status).toBe(404)
    const known = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    expect(known(foreign.text)).toBe(known(unknown.text))
  }
  const noUuid = await api.call('POST', '/reservations/nothing/release')
  expect(noUuid).toMatchObject({ status: 404, body: { code: 'reservation_not_found' } })
})

test('a platform key names the organization', async () => {
  const key = api.platformKey
  const none = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
  expect(none).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', field: 'Stipend-Organization' },
  })
  const { organizationId } = await api.createOrganization()
  const named = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply' },
    headers: { 'stipend-organization': organizationId },
  })
  expect(named.status).toBe(201)
  const unknown = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply' },
    headers: { 'stipend-organization': 'nobody' },
  })
  expect(unknown).toMatchObject({ status: 404, body: { code: 'organization_not_found' } })
})

test("a call of the server's own is nobody's to end over HTTP, whatever their scopes", async () => {
  const { organizationId } = await api.createOrganization()
  const admin = await api.createKey(organizationId, ['admin'])
  const { engine } = api.stipend
  const call = { organizationId, capability: 'reply', idempotencyKey: 'theirs' } as const
  const { id } = await engine.reserveCredits({ ...call, estimatedCredits: credits(5) })
  const attempts: readonly [string, object | undefined][] = [
    [`/reservations/${id}/settle`, { actualCredits: 0.25 }],
    [`/reservations/${id}/release`, undefined],
    [`/reservations/${id}/extend`, { usage: { model: 'mini', inputTokens: 0, outputTokens: 0 } }],
  ]
  for (const [path, body] of attempts) {
    const refused = await api.call('POST', path, { key: admin, body })
    expect([path, refused]).toMatchObject([path, { status: 403, body: { code: 'forbidden' } }])
  }
  const settled = await engine.settleCredits({ organizationId, reservationId: id, actualCredits: credits(5) })
  expect(settled).toMatchObject({ status: 'settled', creditsUsed: 500 })
})

test('a person reserves as themselves', async () => {
  const actor = { type: 'member', id: 'ann' } as const
  const identify = async () => ({ organizationId: 'org_1', role: 'member' as const, actor })
  await using own = await createTestApi({ identify })
  const named = { capability: 'reply', actor: { type: 'member', id: 'bob' } }
  const refused = await own.call('POST', '/reservations', { key: undefined, body: named })
  expect(refused).toMatchObject({ status: 400, body: { field: 'actor' } })
  const { body } = await own.call('POST', '/reservations', { key: undefined, body: { capability: 'reply' } })
  const hold = await own.call('GET', `/reservations/${body.id}`, { key: undefined })
  expect(hold.body).toMatchObject({ actor, remoteBy: 'member:ann' })
})

test('a hold is for who made it to end, or for an admin', async () => {
  const { organizationId } = await api.createOrganization()
  const [maker, other, admin] = await Promise.all([
    api.createKey(organizationId, ['reservations:write']),
    api.createKey(organizationId, ['reservations:write']),
    api.createKey(organizationId, ['admin']),
  ])
  const reserve = async () => {
    const body = { capability: 'reply', estimatedCredits: 2 }
    return (await api.call('POST', '/reservations', { key: maker, body })).body.id
  }
  const settle = (id: string, key: string) =>
    api.call('POST', `/reservations/${id}/settle`, { key, body: { actualCredits: 0.25 } })
  const [first, second] = [await reserve(), await reserve()]
  for (const end of ['settle', 'release', 'extend']) {
    const body =
      end === 'settle' ? { actualCredits: 0.25 } : end === 'extend' ? { dispatched: true } : undefined
    const refused = await api.call('POST', `/reservations/${first}/${end}`, { key: other, body })
    expect([end, refused]).toMatchObject([end, { status: 403, body: { code: 'forbidden' } }])
  }
  expect((await settle(first, maker)).status).toBe(200)
  expect((await settle(second, admin)).status).toBe(200)
})

test("a person's hold is not another member's to end, but an admin's or an operator's", async () => {
  const identify = async (request: Request): Promise<Identity | null> => {
    const id = request.headers.get('x-person') ?? ''
    if (id === 'operator') return { organizationId: null, role: 'operator', actor: { type: 'member', id } }
    const role = id === 'admin' ? 'admin' : 'member'
    return { organizationId: 'org_1', role, actor: { type: 'member', id } }
  }
  await using own = await createTestApi({ identify })
  const as = (person: string) => ({
    key: undefined,
    headers: { 'x-person': person, 'stipend-organization': 'org_1' },
  })
  const outcomes: unknown[] = []
  for (const person of ['bob', 'ann', 'admin', 'operator']) {
    const { body } = await own.call('POST', '/reservations', { ...as('ann'), body: { capability: 'reply' } })
    const { status } = await own.call('POST', `/reservations/${body.id}/release`, as(person))
    outcomes.push([person, status])
  }
  const keys = { admin: await own.createKey('org_1', ['admin']), platform: own.platformKey }
  for (const [who, key] of Object.entries(keys)) {
    const { body } = await own.call('POST', '/reservations', { ...as('ann'), body: { capability: 'reply' } })
    const headers = { 'stipend-organization': 'org_1' }
    const { status } = await own.call('POST', `/reservations/${body.id}/release`, { key, headers })
    outcomes.push([who, status])
  }
  expect(outcomes).toEqual([
    ['bob', 403],
    ['ann', 200],
    ['admin', 200],
    ['operator', 200],
    ['admin', 200],
    ['platform', 200],
  ])
})

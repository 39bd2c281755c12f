import { createCheckpointKey, credits, definitionOf, pullCatalog, readCheckpointKey } from '@stipend/engine'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'

let api: TestApi
const operator = {
  role: 'operator',
  organizationId: null,
  actor: { type: 'member', id: 'olive', name: 'Olive' },
} as const
const member = { role: 'owner', organizationId: 'org_1', actor: { type: 'member', id: 'maya' } } as const
const identities = { operator, member }

beforeAll(async () => {
  api = await createTestApi({
    checkpointKey: await readCheckpointKey(createCheckpointKey().privateKey),
    identify: async (request) => {
      const who = request.headers.get('x-who')
      return who === 'operator' || who === 'member' ? identities[who] : null
    },
  })
})
afterAll(() => api[Symbol.asyncDispose]())

const as =
  (who: keyof typeof identities) =>
  (method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
    api.call(method, path, { key: undefined, body, headers: { 'x-who': who, ...more } })
const ask = as('operator')
const audit = async () =>
  (await ask('GET', '/operator/audit-log')).body['entries'] as Record<string, unknown>[]

describe('the audit log', () => {
  test('has each action of an operator with its reason, before its outcome', async () => {
    const granted = await ask('POST', '/organizations/org_1/grants', {
      type: 'admin',
      credits: 5,
      reason: 'Apology',
      sourceId: 'case-1',
    })
    expect(granted.status).toBe(201)
    const [entry] = await audit()
    expect(entry).toMatchObject({
      actor: { type: 'member', id: 'olive', name: 'Olive' },
      action: 'POST /organizations/{id}/grants',
      organizationId: 'org_1',
      reason: 'Apology',
      parameters: { id: 'org_1', credits: 5, type: 'admin' },
      outcome: 'done',
      requestId: granted.headers.get('x-request-id'),
    })
  })

  test('has what was refused, what a platform key did, and what an operator did for an organization', async () => {
    await ask('POST', '/organizations/org_1/plan', { plan: 'nothing' })
    expect((await audit())[0]).toMatchObject({
      action: 'POST /organizations/{id}/plan',
      outcome: 'invalid_request',
    })
    await api.call('PUT', '/organizations/org_9', {
      key: api.platformKey,
      body: { name: 'Nine', plan: 'free' },
    })
    expect((await audit())[0]).toMatchObject({
      actor: { type: 'api_key' },
      organizationId: 'org_9',
      outcome: 'done',
    })
    await ask(
      'PUT',
      '/budgets',
      { scopeType: 'organization', period: 'day', limitCredits: 3 },
      { 'stipend-organization': 'org_9' },
    )
    expect((await audit())[0]).toMatchObject({
      action: 'PUT /budgets',
      organizationId: 'org_9',
      outcome: 'done',
    })
  })

  test('has words that no column could keep, and answers what they are refused with', async () => {
    const body = {
      type: 'admin',
      credits: 1,
      reason: 'a\u0000b\ud800',
      sourceId: 'x',
      extra: { 'k\u0000': '\u0000' },
    }
    expect((await ask('POST', '/organizations/org_1/grants', body)).body.code).toBe('invalid_request')
    expect((await audit())[0]).toMatchObject({ outcome: 'invalid_request', reason: 'a\ufffdb\ufffd' })
  })

  test('has neither questions nor what organizations do themselves', async () => {
    const before = (await audit()).length
    await ask('POST', '/operator/ledger/verify', {})
    await ask('GET', '/operator/overview')
    await api.call('POST', '/reservations', { key: api.key, body: { capability: 'reply' } })
    await as('member')('PUT', '/budgets', { scopeType: 'organization', period: 'day', limitCredits: 3 })
    expect(await audit()).toHaveLength(before)
  })

  test('cannot be written over or emptied, not by its owner either', async () => {
    const { owner } = api.database
    for (const sql of [
      `update stipend.audit_log set reason = 'x'`,
      `update stipend.audit_log set outcome = 'done', reason = 'x' where outcome is null`,
      'delete from stipend.audit_log',
      'truncate stipend.audit_log',
    ]) {
      await api.stipend.engine.operator.beginAudit({ actor: operator.actor, action: 'test' })
      await expect(owner.query(sql), sql).rejects.toMatchObject({ code: 'SP001' })
    }
    expect((await audit())[0]).toMatchObject({ action: 'test', outcome: null })
  })

  test('is paged, and told by organization', async () => {
    const { body } = await ask('GET', '/operator/audit-log?limit=2')
    const [, second] = body['entries'] as { id: number }[]
    expect(body['next']).toBe(second?.id)
    const rest = await ask('GET', `/operator/audit-log?before=${second?.id}&limit=200`)
    expect((rest.body['entries'] as { id: number }[]).every(({ id }) => id < (second?.id ?? 0))).toBe(true)
    const one = await ask('GET', '/operator/audit-log?organizationId=org_9')
    expect(
      new Set((one.body['entries'] as Record<string, unknown>[]).map(({ organizationId }) => organizationId)),
    ).toEqual(new Set(['org_9']))
  })
})

test.each([
  'GET /operator/overview',
  'GET /operator/organizations',
  'GET /operator/organizations/org_1',
  'GET /operator/catalog',
  'GET /operator/prices',
  'GET /operator/margins',
  'GET /operator/deliveries',
  'GET /operator/shadow-refusals',
  'GET /operator/audit-log',
])('%s is for operators alone', async (route) => {
  const [method = '', path = ''] = route.split(' ')
  expect((await ask(method, path)).status).toBe(200)
  expect((await api.call(method, path, { key: api.platformKey })).status).toBe(200)
  expect((await as('member')(method, path)).body.code).toBe('forbidden')
  expect((await api.call(method, path, { key: api.key })).body.code).toBe('forbidden')
  expect((await api.call(method, path, { key: undefined })).body.code).toBe('unauthenticated')
})

test('organizations are found by a part of id or name, by plan and status, page by page', async () => {
  for (const name of ['Blue Bakery', 'Green Garden', '100% _Wild']) {
    await api.stipend.engine.putOrganization({
      organizationId: name.toLowerCase().replaceAll(' ', '-'),
      name,
      plan: 'pro',
    })
  }
  const names = async (query: string) => {
    const { body } = await ask('GET', `/operator/organizations?${query}`)
    return (body['organizations'] as { name: string }[]).map(({ name }) => name)
  }
  expect(await names('search=BAKE')).toEqual(['Blue Bakery'])
  expect(await names('search=%25')).toEqual(['100% _Wild'])
  expect(await names('search=_w')).toEqual(['100% _Wild'])
  expect(await names('plan=pro&status=active')).toEqual(['100% _Wild', 'Blue Bakery', 'Green Garden'])
  expect(await names('status=suspended')).toEqual([])
  const first = await ask('GET', '/operator/organizations?limit=2')
  const second = await ask(
    'GET',
    `/operator/organizations?limit=200&after=${encodeURIComponent(String(first.body['next']))}`,
  )
  const all = await names('limit=200')
  expect([
    ...(first.body['organizations'] as unknown[]),
    ...(second.body['organizations'] as unknown[]),
  ]).toHaveLength(all.length)
  const { body } = await ask('GET', '/operator/organizations/blue-bakery')
  expect(body).toMatchObject({
    name: 'Blue Bakery',
    subscription: { status: 'active', stripeCustomerId: null },
    grants: [],
    audit: [],
  })
  expect((await ask('GET', '/operator/organizations/nobody')).body.code).toBe('organization_not_found')
})

test('the catalog: previewed with who is affected, simulated, pushed once seen, refused where it strands', async () => {
  const { body } = await ask('GET', '/operator/catalog')
  const catalog = body['catalog'] as { plans: Record<string, Record<string, unknown>> }
  const version = body['version'] as number
  const richer = {
    ...catalog,
    plans: { ...catalog.plans, pro: { ...catalog.plans['pro'], monthlyCredits: 600 } },
  }
  const preview = await ask('POST', '/operator/catalog/preview', { catalog: richer })
  expect(preview.body).toMatchObject({
    differences: [{ path: 'plans.pro.monthlyCredits', database: '500.00', file: '600.00' }],
    affected: [{ plan: 'pro', organizations: 3 }],
    stranded: [],
  })
  const simulated = await ask('POST', '/operator/catalog/simulate', { catalog: richer, days: 7 })
  expect(simulated.status).toBe(200)
  const pushed = await ask('PUT', '/operator/catalog', { catalog: richer, reason: 'More', version })
  expect(pushed.body).toEqual({ version: version + 1, isChanged: true })
  const stale = await ask('PUT', '/operator/catalog', { catalog, reason: 'Back', version })
  expect(stale.body).toMatchObject({ code: 'invalid_request', field: 'version' })
  const { pro: _, ...plans } = catalog.plans
  const stranding = await ask('PUT', '/operator/catalog', {
    catalog: { ...catalog, plans },
    reason: 'x',
    version: version + 1,
  })
  expect(stranding.body).toMatchObject({ code: 'invalid_request', field: 'plans' })
  expect(
    (await ask('POST', '/operator/catalog/preview', { catalog: { ...catalog, plans } })).body['stranded'],
  ).toEqual([{ plan: 'pro', organizations: 3 }])
  const junk = await ask('PUT', '/operator/catalog', {
    catalog: { models: {}, capabilities: {}, plans: {} },
    reason: 'x',
    version: version + 1,
  })
  expect(junk.body).toMatchObject({ code: 'invalid_request', field: 'plans' })
  const inForce = await pullCatalog(api.database.server)
  expect(inForce === null ? null : definitionOf(inForce).plans['pro']?.monthlyCredits).toBe(600)
  const latest = await ask('GET', '/operator/catalog')
  expect((latest.body['versions'] as unknown[])[0]).toMatchObject({
    version: version + 1,
    author: 'Olive',
    reason: 'More',
  })
})

test('prices are set with a reason, listed, and ended', async () => {
  expect(
    (await ask('PUT', '/operator/prices/mini', { input: '1,5', output: '2', reason: 'x' })).body.errors,
  ).toMatchObject([{ field: 'input' }])
  const set = await ask('PUT', '/operator/prices/mini', { input: '0.5', output: '2', reason: 'Contract' })
  expect(set.body).toMatchObject({ source: 'operator', input: '0.5', output: '2' })
  const { body } = await ask('GET', '/operator/prices')
  expect((body['models'] as Record<string, unknown>[]).find(({ model }) => model === 'mini')).toMatchObject({
    price: { source: 'operator' },
  })
  expect(
    (body['findings'] as Record<string, unknown>[]).map(({ model, kind }) => `${model} ${kind}`),
  ).toEqual(expect.arrayContaining(['unpriced missing', 'mini overridden']))
  expect((await ask('DELETE', '/operator/prices/mini', { reason: 'Ended' })).body).toEqual({ found: true })
})

test('the books are proven, margins told, jobs and what waits shown; without payments nothing is reconciled', async () => {
  const { id } = await api.stipend.engine.reserveCredits({
    organizationId: 'org_1',
    capability: 'reply',
    estimatedCredits: credits(1),
  })
  await api.stipend.engine.settleCredits({
    organizationId: 'org_1',
    reservationId: id,
    usage: { model: 'mini', inputTokens: 9000, outputTokens: 200 },
  })
  const one = await ask('POST', '/operator/ledger/verify', { organizationId: 'org_1', full: true })
  expect(one.body).toMatchObject({ organizations: 1, problems: [] })
  expect((await ask('POST', '/operator/ledger/verify', { full: true })).body.code).toBe('invalid_request')
  const margins = await ask('GET', '/operator/margins?groupBy=capability')
  expect(margins.body['margins']).toMatchObject([{ group: 'reply', charges: 1 }])
  await using worker = await startWorker()
  expect(worker).toBeDefined()
  await expect
    .poll(
      async () =>
        ((await ask('GET', '/operator/overview')).body['jobs'] as { name: string }[]).map(({ name }) => name),
      { timeout: 10_000 },
    )
    .toContain('sign-checkpoint')
  const { body } = await ask('GET', '/operator/overview')
  expect(body).toMatchObject({ checkpoint: { number: 1 }, movedSinceCheckpoint: 0 })
  expect((await ask('POST', '/operator/reconciliation', {})).body.code).toBe('payments_not_configured')
})

async function startWorker() {
  const worker = await api.stipend.startWorker({ databaseUrl: api.database.ownerUrl })
  return { [Symbol.asyncDispose]: () => worker.stop() }
}

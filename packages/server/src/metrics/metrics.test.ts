import { randomUUID } from 'node:crypto'
import { credits, withRequestId } from '@stipend/engine'
import { TcpProxy } from '@stipend/testing'
import { generateText } from 'ai'
import { Pool } from 'pg'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createStipend, Metrics, serveMetrics } from '../index.ts'
import { callApp, catalog, createTestApi, type TestApi } from '../test-support/api.ts'
import { parseExposition, type Sample, sumOf } from '../test-support/exposition.ts'
import { insertDueHolds } from '../test-support/holds.ts'

const token = 'a-token-that-prometheus-has'
let api: TestApi
beforeAll(async () => {
  api = await createTestApi({ metrics: { token } })
})
afterAll(() => api[Symbol.asyncDispose]())

const scrapeText = async (of: Pick<TestApi, 'stipend'> = api) =>
  (await callApp(of.stipend, 'GET', '/metrics', { key: token })).text
const scrape = async (): Promise<Sample[]> => parseExposition(await scrapeText())

describe('who may read', () => {
  test.each([
    ['nobody’s', undefined],
    ['another token', 'a-token-that-prometheus-hat'],
    ['a key of an organization', 'KEY'],
    ['a key of the platform', 'PLATFORM'],
  ])('%s: 401', async (_, given) => {
    const known: Record<string, string> = { KEY: api.key, PLATFORM: api.platformKey }
    const key = given === undefined ? undefined : (known[given] ?? given)
    const answer = await callApp(api.stipend, 'GET', '/metrics', { key })
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated'])
  })

  test('who has the token: the text format of Prometheus, which nobody keeps', async () => {
    const answer = await callApp(api.stipend, 'GET', '/metrics', { key: token })
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ])
  })

  test('without a token there are none; a short one is no token; null opens them', async () => {
    const { database } = api
    const off = createStipend({ database: database.server, catalog })
    expect((await callApp(off, 'GET', '/metrics', { key: token })).status).toBe(404)
    await off.close()
    const short = () => createStipend({ database: database.server, catalog, metrics: { token: 'short' } })
    expect(short).toThrow(/16 characters/)
    const blanks = () =>
      createStipend({ database: database.server, catalog, metrics: { token: 'has blanks in it, long' } })
    expect(blanks).toThrow(/without blanks/)
    const open = createStipend({ database: database.server, catalog, metrics: { token: null } })
    expect((await callApp(open, 'GET', '/metrics')).status).toBe(200)
    await open.close()
  })
})

test('requests are counted by their pattern, refusals by their code', async () => {
  await api.call('GET', '/credits/balance')
  await api.call('GET', `/reservations/${randomUUID()}`)
  await api.call('GET', `/no/such/${randomUUID()}`)
  await api.call('BREW', '/credits/balance')
  const samples = await scrape()
  const count = (labels: Record<string, string>) =>
    sumOf(samples, 'stipend_http_request_duration_seconds_count', labels)
  expect(count({ method: 'GET', route: '/credits/balance', status: '200' })).toBe(1)
  expect(count({ route: '/reservations/:id', status: '404' })).toBe(1)
  expect(count({ route: 'unmatched', status: '404' })).toBe(1)
  expect(count({ method: 'other', status: '405' })).toBe(1)
  for (const [code, least] of Object.entries({
    not_found: 1,
    reservation_not_found: 1,
    method_not_allowed: 1,
  })) {
    expect([code, sumOf(samples, 'stipend_http_problems_total', { code })]).toEqual([code, least])
  }
})

test('verbs, batches, charges and flags are counted once each, replays are not charged again', async () => {
  const { engine } = api.stipend
  const { organizationId } = await api.createOrganization('pro')
  const before = await scrape()
  const { id } = await engine.reserveCredits({ organizationId, capability: 'reply' })
  const settle = {
    organizationId,
    reservationId: id,
    actualCredits: credits(1.25),
    flags: ['review' as const],
  }
  await engine.settleCredits(settle)
  await engine.settleCredits(settle)
  await engine.reserveCredits({ organizationId, capability: 'nothing' as 'reply' }).catch(() => undefined)
  await engine.checkAIAccess({ organizationId, capability: 'reply' })
  const after = await scrape()
  const grew = (name: string, labels: Record<string, string> = {}) =>
    (sumOf(after, name, labels) ?? 0) - (sumOf(before, name, labels) ?? 0)
  const verbs = 'stipend_verb_duration_seconds_count'
  expect(grew(verbs, { verb: 'reserve', outcome: 'done' })).toBe(1)
  expect(grew(verbs, { verb: 'reserve', outcome: 'refused' })).toBe(1)
  expect(grew(verbs, { verb: 'check', outcome: 'done' })).toBe(1)
  expect(grew(verbs, { verb: 'settle', outcome: 'done' })).toBe(2)
  expect(grew('stipend_refusals_total', { verb: 'reserve', code: 'capability_not_found' })).toBe(1)
  expect(grew('stipend_credits_charged_total')).toBe(1.25)
  expect(grew('stipend_flagged_settles_total', { flag: 'review' })).toBe(1)
  expect(grew('stipend_batch_requests_sum')).toBe(5)
  expect(grew('stipend_batch_duration_seconds_count', { outcome: 'done' })).toBe(5)
})

test('model calls by capability, and each model that was asked', async () => {
  const { organizationId } = await api.createOrganization('pro')
  const model = api.stipend.model({ organizationId, capability: 'reply' })
  const failing = withRequestId('r-1', () => generateText({ model, prompt: 'hello', maxRetries: 0 }))
  await expect(failing).rejects.toMatchObject({ code: 'provider_failed' })
  const samples = await scrape()
  const call = { capability: 'reply', quality: 'fast', outcome: 'failed' }
  expect(sumOf(samples, 'stipend_model_call_duration_seconds_count', call)).toBe(1)
  expect(sumOf(samples, 'stipend_model_call_attempts_sum', { capability: 'reply' })).toBe(2)
  for (const name of ['openai/gpt-4o-mini', 'openai/gpt-4o']) {
    const labels = { model: name, outcome: 'not_configured' }
    expect(sumOf(samples, 'stipend_model_attempt_duration_seconds_count', labels)).toBe(1)
  }
})

test('what stands open in the database, read anew after a while', async () => {
  await using own = await createTestApi({ metrics: { token } })
  const { organizationId } = await own.createOrganization('pro')
  await own.stipend.engine.reserveCredits({ organizationId, capability: 'reply' })
  await insertDueHolds(own.database, organizationId, 3)
  await own.stipend.engine.storeSettleIntent({
    organizationId,
    reservationId: randomUUID(),
    actualCredits: credits(1),
  })
  await own.database.owner.query(
    `insert into stipend.outbox_events (organization_id, type, payload, created_at)
     values ($1, 'plan.changed', '{}', now() - interval '90 seconds');`,
    [organizationId],
  )
  await own.database.owner.query(
    `insert into stipend.stripe_events (id, type, leased_until) values ('evt_1', 'x', now() - interval '30 seconds')`,
  )
  const samples = parseExposition(await scrapeText(own))
  const { rows } = await own.database.owner.query(
    'select count(*)::integer as waiting from stipend.outbox_events where delivered_at is null',
  )
  expect(sumOf(samples, 'stipend_database_up')).toBe(1)
  expect(sumOf(samples, 'stipend_due_holds')).toBe(3)
  expect(sumOf(samples, 'stipend_open_holds')).toBe(4)
  expect(sumOf(samples, 'stipend_due_holds_age_seconds')).toBeGreaterThan(0)
  expect(sumOf(samples, 'stipend_backlog_items', { queue: 'outbox' })).toBe(rows[0].waiting)
  const age = sumOf(samples, 'stipend_backlog_overdue_seconds', { queue: 'outbox' })
  expect(age).toBeGreaterThan(89)
  expect(age).toBeLessThan(150)
  expect(sumOf(samples, 'stipend_backlog_items', { queue: 'settle_intents' })).toBe(1)
  expect(sumOf(samples, 'stipend_backlog_overdue_seconds', { queue: 'stripe_events' })).toBeGreaterThan(29)
  for (const queue of ['webhooks', 'mail', 'slack']) {
    expect([queue, sumOf(samples, 'stipend_backlog_items', { queue })]).toEqual([queue, 0])
  }
})

test('without a database the scrape answers, says so, and tells nothing that it does not know', async () => {
  const proxy = new TcpProxy(api.database.serverUrl)
  await proxy.open()
  const pool = new Pool({ connectionString: proxy.url, max: 2 })
  const stipend = createStipend({ database: pool, catalog, metrics: { token: null, withProcess: false } })
  await proxy.cut()
  const startedAt = performance.now()
  const samples = parseExposition((await callApp(stipend, 'GET', '/metrics')).text)
  expect(performance.now() - startedAt).toBeLessThan(4_500)
  expect(sumOf(samples, 'stipend_database_up')).toBe(0)
  for (const name of ['stipend_open_holds', 'stipend_due_holds', 'stipend_backlog_items']) {
    expect([name, sumOf(samples, name)]).toEqual([name, null])
  }
  expect(sumOf(samples, 'stipend_pool_maximum_connections')).toBe(2)
  await stipend.close()
  await pool.end()
})

test('no sample names an organization, a person, a key or a reservation', async () => {
  const { organizationId, key } = await api.createOrganization('pro')
  const { body } = await api.call('POST', '/reservations', {
    key,
    body: { capability: 'reply', actor: { type: 'member', id: 'ann-4711', name: 'Ann Somebody' } },
  })
  await api.call('GET', `/reservations/${body.id}`, { key })
  const text = await scrapeText()
  for (const word of [organizationId, key, body.id, 'ann-4711', 'Somebody']) expect(text).not.toContain(word)
})

test('ten thousand unknown names make no new series', async () => {
  // The process's own are not counted: a kind of garbage collection appears when it first happens.
  const names = async () => (await scrape()).filter(({ name }) => name.startsWith('stipend_')).length
  const { organizationId } = await api.createOrganization('pro')
  const ask = (index: number) =>
    api.stipend.engine
      .reserveCredits({ organizationId, capability: `made-up-${index}` as 'reply' })
      .catch(() => undefined)
  await ask(0)
  await api.call('GET', '/made-up/0')
  const before = await names()
  await Promise.all(Array.from({ length: 500 }, (_, index) => ask(index)))
  for (let index = 0; index < 50; index += 1) await api.call('GET', `/made-up/${index}/x`)
  expect(await names()).toBe(before)
})

test('a host’s registry has both, and the host’s own metrics of the process', async () => {
  const register = new Registry()
  const { engine } = api.stipend
  const metrics = new Metrics({ engine, database: api.database.server, register })
  const { body } = await metrics.text()
  expect(body).toContain('stipend_build_info')
  expect(body).not.toContain('process_cpu_seconds_total')
  expect(await scrapeText()).toContain('process_cpu_seconds_total')
  metrics.close()
})

test('a process without an HTTP server serves them on a port of its own', async () => {
  const metrics = new Metrics({ engine: api.stipend.engine, database: api.database.server })
  const server = await serveMetrics({ metrics, port: 0, token })
  const ask = (path: string, bearer?: string) =>
    fetch(
      `${server.url}${path}`,
      bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } },
    )
  expect((await ask('/healthz')).status).toBe(200)
  expect((await ask('/metrics')).status).toBe(401)
  expect((await ask('/other', token)).status).toBe(404)
  expect(await (await ask('/metrics', token)).text()).toContain('stipend_database_up 1')
  await server.close()
  metrics.close()
})

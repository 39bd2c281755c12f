import { once } from 'node:events'
import { createServer } from 'node:net'
import { serve } from '@hono/node-server'
import { createRoute, z } from '@hono/zod-openapi'
import { createEngine, credits, errorOf } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { Hono } from 'hono'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  createRouter,
  createStipend,
  creditsOutput,
  type Identity,
  idempotencyKeyOf,
  jsonAnswer,
  jsonBody,
  openapiDocument,
  organizationIdOf,
  proseInput,
  protect,
  refusals,
  type Stipend,
  setCreditHeaders,
} from './index.ts'
import { callApp, catalog, createTestApi, type TestApi } from './test-support/api.ts'

const lines: { fields: Record<string, unknown>; message: string | undefined }[] = []
const keepLine = (fields: object, message?: string) => {
  lines.push({ fields: { ...fields }, message })
}
const member: Identity = {
  organizationId: 'org_1',
  actor: { type: 'member', id: 'ann', name: 'Ann' },
  role: 'member',
}

let api: TestApi
beforeAll(async () => {
  api = await createTestApi({
    logger: { info: keepLine, error: keepLine },
    identify: async (request) => (request.headers.get('x-session') === 'ann' ? member : null),
  })
  api.stipend.app.route('/', hostRoutes())
})
afterAll(() => api[Symbol.asyncDispose]())

/** What an app adds: a metered route, one that breaks, one that refuses. */
function hostRoutes() {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'post',
      path: '/ai/shout',
      ...protect({ role: 'member', scopes: ['ai:run'], target: 'organization' }),
      request: { body: jsonBody(z.strictObject({ text: proseInput(20) })) },
      responses: {
        200: jsonAnswer(
          z.object({ text: z.string(), actor: z.string(), creditsUsed: creditsOutput }),
          'Loud',
        ),
        ...refusals,
      },
    }),
    async (c) => {
      const { text } = c.req.valid('json')
      const { actor } = c.var.principal
      const done = await c.var.engine.executeWithAIAccess(
        {
          organizationId: organizationIdOf(c),
          capability: 'reply',
          actor,
          idempotencyKey: idempotencyKeyOf(c),
          parameters: { text },
          customerLimits: text === 'limited' ? [{ key: 'person', limit: 1 }] : undefined,
        },
        async () => {
          if (text === 'refuse') throw errorOf('provider_failed')
          if (text === 'break') throw new Error('the secret ingredient is sk-12345')
          return { result: text.toUpperCase(), actualCredits: credits(1.5) }
        },
      )
      setCreditHeaders(c, done)
      return c.json({ text: done.result, actor: actor.id, creditsUsed: 1.5 }, 200)
    },
  )
  return router
}

const shout = (text: string, headers = {}, key = api.key) =>
  api.call('POST', '/ai/shout', { key, body: { text }, headers })

test('a route of the host is metered, replayed, refused and documented like the others', async () => {
  const done = await shout('hey\nyou', { 'idempotency-key': 'shout-1' })
  expect(done).toMatchObject({ status: 200, body: { text: 'HEY\nYOU' } })
  expect(done.headers.get('x-credits-used')).toBe('1.50')
  expect(done.headers.get('x-balance-remaining')).toBe('18.50')
  const replay = await shout('hey\nyou', { 'idempotency-key': 'shout-1' })
  expect(replay.body.text).toBe('HEY\nYOU')
  const mismatch = await shout('other', { 'idempotency-key': 'shout-1' })
  expect(mismatch).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
  const oversized = await shout('x'.repeat(21))
  expect(oversized).toMatchObject({ status: 400, body: { code: 'invalid_request', field: 'text' } })
  const refused = await shout('refuse')
  expect(refused).toMatchObject({ status: 502, body: { code: 'provider_failed', retryable: true } })
  expect(openapiDocument(api.stipend.app)).toHaveProperty(
    ['paths', '/ai/shout', 'post', 'security'],
    [{ apiKey: ['ai:run'] }, { person: ['member'] }],
  )
})

test('a 500 carries the request id and nothing of its inside, which the log has', async () => {
  const { status, body, text } = await shout('break', { 'x-request-id': 'broken-1' })
  expect(status).toBe(500)
  expect(body).toEqual({
    type: 'urn:stipend:problem:internal',
    title: 'Something went wrong.',
    status: 500,
    detail: expect.any(String),
    code: 'internal',
    retryable: false,
    requestId: 'broken-1',
  })
  expect(text).not.toContain('secret')
  const line = lines.find(
    ({ fields, message }) => fields['requestId'] === 'broken-1' && message === 'request failed',
  )
  expect(line?.fields).toMatchObject({ code: 'internal', err: { name: 'Error' } })
})

test("the host's identify answers where no API key is given, a key goes first", async () => {
  const headers = { 'x-session': 'ann' }
  const known = await api.call('POST', '/ai/shout', { key: undefined, body: { text: 'x' }, headers })
  expect(known).toMatchObject({ status: 200, body: { actor: 'ann' } })
  const wrong = await api.call('GET', '/credits/balance', { key: `sp_live_${'x'.repeat(43)}`, headers })
  expect(wrong.status).toBe(401)
  const role = await api.call('GET', '/budgets', { key: undefined, headers })
  expect(role).toMatchObject({
    status: 403,
    body: { code: 'forbidden', requiredRole: 'admin', remedy: { action: 'ask_admin', role: 'admin' } },
  })
})

test('the request id is taken if well-formed, else made', async () => {
  const idOf = async (named?: string) => {
    const headers: Record<string, string> = named === undefined ? {} : { 'x-request-id': named }
    return (await api.call('GET', '/healthz', { headers })).headers.get('x-request-id')
  }
  expect(await idOf('trace.1:a-b_c')).toBe('trace.1:a-b_c')
  expect(await idOf('no spaces <please>')).toMatch(/^[0-9a-f-]{36}$/)
  expect(await idOf('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/)
  expect(await idOf()).toMatch(/^[0-9a-f-]{36}$/)
  const refused = await api.call('GET', '/nothing', { headers: { 'x-request-id': 'mine' } })
  expect(refused.body.requestId).toBe('mine')
})

test('a line per request: the route, not the path; no query, key or body', async () => {
  lines.length = 0
  await api.call('GET', '/credits/transactions?actorId=private-person', {
    headers: { 'x-request-id': 'line-1' },
  })
  await api.call('GET', '/organizations/private-person', { key: api.platformKey })
  await api.call('GET', '/private-person')
  await api.call('POST', '/reservations', { body: { capability: 'private-person' } })
  expect(lines.map(({ fields }) => [fields['method'], fields['route'], fields['status']])).toEqual([
    ['GET', '/credits/transactions', 200],
    ['GET', '/organizations/:id', 404],
    ['GET', 'unmatched', 404],
    ['POST', '/reservations', 404],
  ])
  expect(lines[0]).toMatchObject({
    fields: { requestId: 'line-1', ms: expect.any(Number) },
    message: 'request',
  })
  const text = JSON.stringify(lines)
  expect(text).not.toContain('private-person')
  expect(text).not.toMatch(/sp_(live|platform)_/)
})

test('every answer has security headers', async () => {
  for (const path of ['/healthz', '/credits/balance', '/nothing', '/docs']) {
    const { headers } = await api.call('GET', path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).not.toContain("script-src 'self' 'unsafe")
  }
})

test('over real HTTP, mounted below a path of the host: API and documentation page', async () => {
  const host = new Hono().mount('/api/stipend', api.stipend.fetch)
  const server = serve({ fetch: host.fetch, hostname: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/api/stipend`
  try {
    const held = await fetch(`${url}/reservations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ capability: 'reply' }),
    })
    expect(held.status).toBe(201)
    const large = await fetch(`${url}/reservations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ capability: 'x'.repeat(2_000_000) }),
    })
    expect(large.status).toBe(413)
    const page = await fetch(`${url}/docs`)
    expect(page.headers.get('content-type')).toContain('text/html')
    const html = await page.text()
    expect(html).not.toMatch(/https?:\/\/|<script>|\son\w+=|\sstyle=/)
    for (const [, reference = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const asset = await fetch(new URL(reference, `${url}/docs`))
      expect({ reference, status: asset.status }).toEqual({ reference, status: 200 })
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(100)
    }
    const document: unknown = await (await fetch(new URL('openapi.json', `${url}/docs`))).json()
    expect(document).toHaveProperty(['paths', '/reservations'])
    expect((await fetch(`${url}/docs/package.json`)).status).toBe(404)
  } finally {
    server.close()
  }
})

test('healthz tells of the process, readyz of the database', async () => {
  expect(await api.call('GET', '/healthz', { key: undefined })).toMatchObject({
    status: 200,
    body: { status: 'ok' },
  })
  expect(await api.call('GET', '/readyz', { key: undefined })).toMatchObject({
    status: 200,
    body: { status: 'ok' },
  })
  await using empty = await createTestDatabase({ isMigrated: false })
  const stipend = createStipend({ database: empty.owner, catalog })
  const answer = await callApp(stipend, 'GET', '/readyz')
  expect(answer).toMatchObject({ status: 503, body: { code: 'database_unavailable' } })
  expect(answer.body).toMatchObject({
    retryable: false,
    detail: expect.stringContaining('npx stipend migrate up'),
    remedy: { action: 'run', command: 'npx stipend migrate up' },
  })
})

test('a database that is not migrated, or half, is told as such, and in the log without a stack', async () => {
  await using empty = await createTestDatabase({ isMigrated: false })
  await using half = await createTestDatabase()
  await half.owner.query('drop function stipend.get_limits')
  await half.owner.query('alter table stipend.api_keys drop column expires_at')
  for (const database of [empty, half]) {
    lines.length = 0
    const logger = { info: keepLine, error: keepLine }
    const stipend = createStipend({ database: database.owner, catalog, logger })
    const answer = await callApp(stipend, 'GET', '/credits/limits', { key: `sp_live_${'x'.repeat(43)}` })
    expect(answer).toMatchObject({
      status: 503,
      body: {
        code: 'database_unavailable',
        retryable: false,
        remedy: { action: 'run', command: 'npx stipend migrate up' },
      },
    })
    const logged = lines.filter(({ fields }) => fields['code'] !== undefined)
    expect(logged).toMatchObject([{ message: expect.stringContaining('npx stipend migrate up') }])
    expect(JSON.stringify(logged)).not.toContain('stack')
  }
})

test('what the operator has not configured is no error in the log', async () => {
  lines.length = 0
  const bought = await api.call('POST', '/credits/purchase', { body: { packageId: 'starter' } })
  expect(bought.body.code).toBe('payments_not_configured')
  expect(lines.map(({ message }) => message)).toEqual(['request'])
})

test('/docs/ leads to /docs', async () => {
  const { status, headers } = await api.call('GET', '/docs/', { key: undefined })
  expect([status, headers.get('location')]).toEqual([308, '../docs'])
})

test('a lost database is a 503 that says when to come again, never a 500', async () => {
  const pool = new Pool({ host: '127.0.0.1', port: await closedPort(), user: 'x', database: 'x' })
  const stipend = createStipend({
    database: pool,
    catalog,
    identify: async () => ({ organizationId: null, role: 'operator', actor: member.actor }),
  })
  const call = (method: string, path: string, body?: unknown, key?: string) =>
    callApp(stipend, method, path, {
      body,
      key,
      headers: { 'stipend-organization': 'org', 'idempotency-key': 'k' },
    })
  const answers = await Promise.all([
    call('GET', '/readyz'),
    call('GET', '/credits/balance'),
    call('GET', '/credits/transactions?format=csv'),
    call('POST', '/reservations', { capability: 'reply' }),
    call('POST', '/organizations/org/plan', { plan: 'pro' }),
    call('GET', '/organizations/org'),
    call('GET', '/credits/balance', undefined, `sp_live_${'x'.repeat(43)}`),
  ])
  for (const { status, body, headers } of answers) {
    expect({ status, code: body.code, retryable: body.retryable }).toEqual({
      status: 503,
      code: 'database_unavailable',
      retryable: true,
    })
    if (body.retryAfterMs !== undefined) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  }
  expect((await call('GET', '/healthz')).status).toBe(200)
  await pool.end()
})

test('a full queue is overloaded, and loses nothing', async () => {
  const { organizationId, key } = await api.createOrganization('pro')
  const database = api.database.server
  const engine = createEngine({ database, catalog, batching: { maxQueued: 3 } })
  const stipend = createStipend({ database, catalog, engine })
  const answers = await Promise.all(
    Array.from({ length: 40 }, () =>
      callApp(stipend, 'POST', '/reservations', { key, body: { capability: 'reply', estimatedCredits: 1 } }),
    ),
  )
  const admitted = answers.filter(({ status }) => status === 201)
  const refused = answers.filter(({ body }) => body.code === 'overloaded')
  expect(admitted.length + refused.length).toBe(40)
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]?.headers.get('retry-after')).toBe('1')
  const balance = await callApp(stipend, 'GET', '/credits/balance', { key })
  expect(balance.body.reservedCredits).toBe(admitted.length)
  expect((await api.stipend.engine.verifyLedger(organizationId)).problems).toEqual([])
})

test('close() refuses new reserves and ends only an engine of its own', async () => {
  const { key } = await api.createOrganization('pro')
  const reserve = (stipend: Stipend<typeof catalog>) =>
    callApp(stipend, 'POST', '/reservations', { key, body: { capability: 'reply' } })
  const own = createStipend({ database: api.database.server, catalog })
  const shared = createStipend({ database: api.database.server, catalog, engine: api.stipend.engine })
  await Promise.all([own.close(), shared.close()])
  const late = await reserve(own)
  expect(late).toMatchObject({ status: 503, body: { code: 'overloaded', retryable: true } })
  expect((await reserve(shared)).status).toBe(201)
})

test('a replay whose answer is no longer kept says so with the charge, a customer limit when it ends', async () => {
  const headers = { 'idempotency-key': 'kept-48-hours' }
  const { key } = await api.createOrganization()
  await shout('once', headers, key)
  await api.database.owner.query(
    `update stipend.reservation_replies set created_at = now() - interval '49 hours'`,
  )
  const replay = await shout('once', headers, key)
  expect(replay).toMatchObject({ status: 410, body: { code: 'replay_expired', creditsUsed: 1.5 } })
  await shout('limited', {}, key)
  const limited = await shout('limited', {}, key)
  expect(limited).toMatchObject({
    status: 429,
    body: { code: 'customer_limit_exceeded', scope: 'customer', limit: 1 },
  })
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(86_000)
})

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('the document is made once, and told apart from an older one', async () => {
  await api.call('GET', '/openapi.json', { key: undefined })
  using made = vi.spyOn(api.stipend.app, 'getOpenAPI31Document')
  const first = await api.call('GET', '/openapi.json', { key: undefined })
  const etag = first.headers.get('etag') ?? ''
  expect([first.status, etag]).toEqual([200, expect.stringMatching(/^"[\w-]{43}"$/)])
  const again = await api.stipend.fetch(
    new Request('http://127.0.0.1/openapi.json', { headers: { 'if-none-match': etag } }),
  )
  expect([again.status, await again.text()]).toEqual([304, ''])
  expect(made).not.toHaveBeenCalled()
})

test('the document has what a host added before the first request for it', async () => {
  await using own = await createTestApi()
  const route = createRoute({ method: 'get', path: '/added', responses: { 200: { description: 'Added' } } })
  own.stipend.app.openapi(route, (c) => c.text('added'))
  const { body } = await own.call('GET', '/openapi.json', { key: undefined })
  expect(body).toHaveProperty(['paths', '/added'])
})

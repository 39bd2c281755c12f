import { afterAll, beforeAll, expect, test } from 'vitest'
import { LiveBalances } from '../live-balance.ts'
import { createRouter } from '../router.ts'
import { createTestApi, type TestApi } from '../test-support/api.ts'
import { creditEventRoutes } from './credit-events.ts'
import { balanceJson } from './credits.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

interface Stream {
  response: Response
  /** The next block of the stream, without the empty line; null at its end. */
  next(): Promise<string | null>
  leave(): void
}

async function open(fetch: TestApi['stipend']['fetch'], key: string): Promise<Stream> {
  const leave = new AbortController()
  const request = new Request('http://127.0.0.1/credits/events', {
    headers: { authorization: `Bearer ${key}` },
    signal: leave.signal,
  })
  const response = await fetch(request)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    response,
    leave: () => {
      leave.abort()
      reader?.cancel().catch(() => undefined)
    },
    next: async () => {
      while (!text.includes('\n\n')) {
        const read = await reader?.read()
        if (read === undefined || read.done) return null
        text += read.value
      }
      const [block = '', ...rest] = text.split('\n\n')
      text = rest.join('\n\n')
      return block
    },
  }
}

const dataOf = (block: string | null): unknown => JSON.parse(/^data: (.*)$/m.exec(block ?? '')?.[1] ?? 'null')
const idOf = (block: string | null) => /^id: (.*)$/m.exec(block ?? '')?.[1]

async function hold(key: string): Promise<void> {
  const held = await api.call('POST', '/reservations', { key, body: { capability: 'reply' } })
  expect(held.status).toBe(201)
}

/** The routes over the same engine with short times, and how often a balance was read. */
function quickEvents({ heartbeatMs = 60_000, maxAgeMs = 60_000 }) {
  const reads = new Map<string, number>()
  const { engine } = api.stipend
  const liveBalances = new LiveBalances({
    intervalMs: 20,
    read: async (organizationId) => {
      reads.set(organizationId, (reads.get(organizationId) ?? 0) + 1)
      return balanceJson(await engine.checkCreditBalance(organizationId))
    },
  })
  const app = createRouter()
  app.use(async (c, next) => {
    c.set('engine', engine)
    c.set('requestId', 'test')
    await next()
  })
  app.route('/', creditEventRoutes({ liveBalances, heartbeatMs, maxAgeMs }))
  return { liveBalances, reads, fetch: async (request: Request) => app.fetch(request) }
}

test('the balance comes at once as GET /credits/balance has it, and again when it has changed', async () => {
  const { key } = await api.createOrganization()
  const stream = await open(api.stipend.fetch, key)
  expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const first = await stream.next()
  expect(first).toMatch(/^event: balance$/m)
  expect(dataOf(first)).toEqual((await api.call('GET', '/credits/balance', { key })).body)
  await hold(key)
  const second = await stream.next()
  expect(dataOf(second)).toMatchObject({ reservedCredits: expect.any(Number) })
  expect(dataOf(second)).toEqual((await api.call('GET', '/credits/balance', { key })).body)
  expect(idOf(second)).not.toBe(idOf(first))
  stream.leave()
})

test('nothing is told of another organization', async () => {
  const [mine, theirs] = [await api.createOrganization(), await api.createOrganization()]
  const quick = quickEvents({ heartbeatMs: 100 })
  const stream = await open(quick.fetch, mine.key)
  await stream.next()
  await hold(theirs.key)
  expect(await stream.next()).toBe(': still here')
  stream.leave()
})

test('many subscribers of one organization cost one read per interval; the last one ends it', async () => {
  const { key, organizationId } = await api.createOrganization()
  const quick = quickEvents({})
  const streams = await Promise.all(Array.from({ length: 30 }, () => open(quick.fetch, key)))
  await Promise.all(streams.map((stream) => stream.next()))
  expect(quick.liveBalances.pollers).toBe(1)
  const before = quick.reads.get(organizationId) ?? 0
  await new Promise((resolve) => setTimeout(resolve, 400))
  const reads = (quick.reads.get(organizationId) ?? 0) - before
  expect(reads).toBeGreaterThan(0)
  expect(reads).toBeLessThanOrEqual(20)
  await hold(key)
  const changed = await Promise.all(streams.map((stream) => stream.next()))
  expect(new Set(changed.map(idOf)).size).toBe(1)
  for (const stream of streams) stream.leave()
  await expect.poll(() => quick.liveBalances.pollers).toBe(0)
  const after = quick.reads.get(organizationId)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(quick.reads.get(organizationId)).toBe(after)
})

test('a stream ends at its greatest age, so that access is checked again', async () => {
  const { key } = await api.createOrganization()
  const stream = await open(quickEvents({ maxAgeMs: 50 }).fetch, key)
  expect(await stream.next()).toMatch(/^event: balance$/m)
  expect(await stream.next()).toBeNull()
})

test('streams end when the server stops, and later ones after their first event', async () => {
  const { key } = await api.createOrganization()
  const quick = quickEvents({})
  const stream = await open(quick.fetch, key)
  await stream.next()
  quick.liveBalances.close()
  expect(await stream.next()).toBeNull()
  const late = await open(quick.fetch, key)
  expect(await late.next()).toBeNull()
  expect(quick.liveBalances.pollers).toBe(0)
})

test('who may not read the balance is refused with a status', async () => {
  const key = await api.createKey(api.organizationId, ['ai:run'])
  expect((await open(api.stipend.fetch, key)).response.status).toBe(403)
  const platform = new Request('http://127.0.0.1/credits/events', {
    headers: { authorization: `Bearer ${api.platformKey}`, 'stipend-organization': 'nobody' },
  })
  const unknown = await api.stipend.fetch(platform)
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({ code: 'organization_not_found' })
})

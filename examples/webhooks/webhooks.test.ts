import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { defineCatalog } from '@stipend/engine'
import { createStipend } from '@stipend/server'
import { createTestDatabase } from '@stipend/testing'
import { mustNotBeLogged } from '@stipend/testing/log-watch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReceiver, type StipendWebhook } from './receiver.ts'

const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini' },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 1 } } },
  plans: { free: { monthlyCredits: 10, priceUsdCents: 0, allows: { reply: { fast: ['mini'] } } } },
  topups: {},
})
const database = await createTestDatabase()
const stipend = createStipend({
  database: database.server,
  catalog,
  // The receiver is on loopback.
  notifications: { allowPrivate: true },
})
const taken: StipendWebhook[] = []
let failures = 0
let server: Server
let url: string
let endpointId: string
let authorization: string

async function call(path: string, body: object = {}) {
  const response = await stipend.fetch(
    new Request(`http://127.0.0.1${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )
  return (await response.json()) as {
    id: string
    secret: string
    status: string
    attempts: { status: number }[]
  }
}

beforeAll(async () => {
  await stipend.engine.pushCatalog({ author: 'test' })
  await stipend.engine.putOrganization({ organizationId: 'lamps', name: 'Lamps', plan: 'free' })
  const key = await stipend.engine.createApiKey({ organizationId: 'lamps', name: 'test', scopes: ['admin'] })
  authorization = `Bearer ${key.secret}`
  // The address first, since the receiver needs the secret that the endpoint is made with.
  let receiver: Server | null = null
  const { createServer } = await import('node:http')
  server = createServer((request, response) => void receiver?.emit('request', request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hooks/stipend`
  const { id, secret } = await call('/webhook-endpoints', { url })
  mustNotBeLogged(secret)
  endpointId = id
  receiver = createReceiver(secret, async (event) => {
    if (failures > 0) {
      failures -= 1
      throw new Error('busy')
    }
    taken.push(event)
  })
})
afterAll(async () => {
  server.close()
  await stipend.close()
  await database[Symbol.asyncDispose]()
})

test('an event arrives, checked; what the receiver could not take comes again, and is handled once', async () => {
  failures = 1
  const first = await call(`/webhook-endpoints/${endpointId}/test`)
  expect(first).toMatchObject({ status: 'failed', attempts: [{ status: 500 }] })
  expect(taken).toEqual([])
  const redeliver = () => call(`/webhook-endpoints/${endpointId}/deliveries/${first.id}/redeliver`)
  expect(await redeliver()).toMatchObject({ status: 'delivered' })
  expect(await redeliver()).toMatchObject({ status: 'delivered' })
  expect(taken).toEqual([
    { type: 'webhook.test', timestamp: expect.any(String), data: { organizationId: 'lamps', endpointId } },
  ])
})

test('what nobody has signed is refused', async () => {
  const before = taken.length
  const forged = await fetch(url, {
    method: 'POST',
    headers: {
      'webhook-id': 'event:lamps:1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': 'v1,c2lnbmF0dXJl',
    },
    body: '{"type":"credits.depleted","timestamp":"2026-01-01T00:00:00Z","data":{"organizationId":"lamps"}}',
  })
  expect(forged.status).toBe(401)
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401)
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(413)
  expect(taken).toHaveLength(before)
})

test('the guide shows what runs here', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../docs/guide/webhooks.md'), 'utf8')
  const receiver = await readFile(join(import.meta.dirname, 'receiver.ts'), 'utf8')
  const [, snippet = ''] = /```ts receiver\n([\s\S]*?)```/.exec(guide) ?? []
  const lines = snippet.split('\n').map((line) => line.trim())
  expect(lines.length).toBeGreaterThan(8)
  const shown = receiver.split('\n').map((line) => line.trim())
  expect(lines.filter((line) => !shown.includes(line))).toEqual([])
})

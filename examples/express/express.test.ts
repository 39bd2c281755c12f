import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { credits } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModels } from '../test-support/models.ts'
import { readUIStream } from '../test-support/ui-stream.ts'
import { createApp } from './app.ts'
import { createMetering } from './stipend.ts'

const answer = 'Thank you for writing. A new kettle is on its way. Keep the old one.'
const database = await createTestDatabase()
const models = await startModels(answer)
const stipend = createMetering(database.server, models.settings)
let server: Server
let url: string
let cookie: string

beforeAll(async () => {
  await stipend.engine.pushCatalog({ author: 'test' })
  await stipend.engine.putOrganization({ organizationId: 'acme', name: 'Acme', plan: 'starter' })
  server = createApp(stipend).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const response = await post('/sign-in', { id: 'ann', password: 'correct horse' })
  cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
})
afterAll(async () => {
  server.close()
  await stipend.close()
  await models[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
  return fetch(`${url}${path}`, { ...init, body: JSON.stringify(body) })
}
const reply = (key: string) =>
  post('/api/replies', { mail: 'The kettle leaks.' }, { cookie, 'idempotency-key': key })
const balance = async () => {
  const response = await fetch(`${url}/api/stipend/credits/balance`, { headers: { cookie } })
  return { status: response.status, body: await response.json() }
}

test('nobody signed in is answered 401, here and by Stipend', async () => {
  expect((await post('/api/replies', { mail: 'Hello' })).status).toBe(401)
  expect((await fetch(`${url}/api/stipend/credits/balance`)).status).toBe(401)
  expect((await post('/sign-in', { id: 'ann', password: 'wrong' })).status).toBe(401)
  expect(models.calls).toBe(0)
})

test('a streamed reply shows its charge, and the same key is charged once', async () => {
  const first = await readUIStream(await reply('mail-1'))
  // (40 × 0.15 + 500 × 0.60) USD per million = 0.000306 USD = 0.306 credits, rounded up to quarters
  expect(first).toMatchObject({
    text: answer,
    receipt: { creditsUsed: 0.5, balanceRemaining: 19.5, replayed: false },
  })
  expect(await balance()).toMatchObject({ status: 200, body: { balance: 19.5, reservedCredits: 0 } })
  const again = await readUIStream(await reply('mail-1'))
  expect(again).toMatchObject({ text: answer, receipt: { creditsUsed: 0.5, replayed: true } })
  expect(models.calls).toBe(1)
})

test('a body goes through to Stipend as it is', async () => {
  const response = await post('/api/stipend/ai/access-check', { capability: 'support_reply' }, { cookie })
  expect(await response.json()).toMatchObject({ isAllowed: true, qualities: [{ quality: 'fast' }] })
})

test('a failing provider is a 502 that says that nothing was charged', async () => {
  models.failNext(400)
  const response = await reply('mail-2')
  expect(response.status).toBe(502)
  expect(await response.json()).toMatchObject({ code: 'provider_failed', creditsUsed: 0 })
})

test('without credits the refusal is the status of the response, and no model is called', async () => {
  const calls = models.calls
  await stipend.engine.adjustCredits({
    organizationId: 'acme',
    credits: credits(-25),
    reason: 'test',
    sourceId: 'empty',
  })
  const response = await reply('mail-3')
  expect(response.status).toBe(402)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({
    code: 'insufficient_credits',
    remedy: { action: 'top_up', topup: { packageId: 'pack' } },
  })
  expect(models.calls).toBe(calls)
})

test('the books are right', async () => {
  expect(await stipend.engine.verifyLedger()).toMatchObject({ problems: [] })
})

import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { serve } from '@hono/node-server'
import { credits } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModels } from '../test-support/models.ts'
import { readUIStream } from '../test-support/ui-stream.ts'
import { createApp } from './app.ts'
import { createMetering } from './stipend.ts'

const answer = 'A lamp for long evenings. Brass, and warm. It dims by itself.'
const database = await createTestDatabase()
const models = await startModels(answer)
const stipend = createMetering(database.server, {
  openai: createOpenAI(models.settings),
  anthropic: createAnthropic(models.settings),
})
let server: ReturnType<typeof serve>
let url: string
let authorization: string

beforeAll(async () => {
  await stipend.engine.pushCatalog({ author: 'test' })
  await stipend.engine.putOrganization({ organizationId: 'lamps', name: 'Lamps', plan: 'stall' })
  url = await new Promise<string>((resolve) => {
    const { fetch } = createApp(stipend)
    server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    )
  })
  const signedIn = await fetch(`${url}/sign-in`, {
    method: 'POST',
    body: JSON.stringify({ id: 'cleo', password: 'correct horse' }),
  })
  const { token } = (await signedIn.json()) as { token: string }
  authorization = `Bearer ${token}`
})
afterAll(async () => {
  server.close()
  await stipend.close()
  await models[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const describeLamp = () =>
  fetch(`${url}/products/lamp/description`, { method: 'POST', headers: { authorization } })

test('nobody signed in is answered 401, here and by Stipend', async () => {
  const headers = { authorization: 'Bearer forged' }
  const own = await fetch(`${url}/products/lamp/description`, { method: 'POST', headers })
  expect(own.status).toBe(401)
  expect((await fetch(`${url}/api/stipend/credits/balance`, { headers })).status).toBe(401)
  expect(models.calls).toBe(0)
})

test('a streamed description shows its charge, which is in the books with its product', async () => {
  const read = await readUIStream(await describeLamp())
  expect(read).toMatchObject({
    text: answer,
    receipt: { creditsUsed: 0.5, balanceRemaining: 9.5, model: 'openai/gpt-4o-mini' },
  })
  const headers = { authorization }
  const balance = await fetch(`${url}/api/stipend/credits/balance`, { headers })
  expect(await balance.json()).toMatchObject({ balance: 9.5, reservedCredits: 0 })
  const { transactions } = await stipend.engine.listTransactions({ organizationId: 'lamps', limit: 1 })
  expect(transactions).toMatchObject([
    { amount: -credits(0.5), actor: { id: 'cleo' }, subject: { id: 'lamp' } },
  ])
})

test('where OpenAI is busy, Anthropic answers and sets the price', async () => {
  models.failNext(503)
  const read = await readUIStream(await describeLamp())
  // (40 × 1 + 500 × 5) USD per million = 0.00254 USD
  expect(read).toMatchObject({
    text: answer,
    receipt: { creditsUsed: 2.75, model: 'anthropic/claude-haiku-4-5', attempts: 2 },
  })
})

test('without credits the refusal is the status of the response, and no model is called', async () => {
  const calls = models.calls
  const sourceId = 'empty'
  await stipend.engine.adjustCredits({
    organizationId: 'lamps',
    credits: credits(-20),
    reason: 'test',
    sourceId,
  })
  const response = await describeLamp()
  expect(response.status).toBe(402)
  expect(await response.json()).toMatchObject({
    code: 'insufficient_credits',
    remedy: { action: 'change_plan' },
  })
  expect(models.calls).toBe(calls)
})

test('the books are right', async () => {
  expect(await stipend.engine.verifyLedger()).toMatchObject({ problems: [] })
})

import { createEngine, credits } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModels } from '../test-support/models.ts'
import { readUIStream } from '../test-support/ui-stream.ts'
import { catalog } from './stipend.catalog.ts'
import { startNextApp } from './test-support/next-app.ts'

const answer = 'Present: Dora. Decided: to paint the door. Next meeting on Monday.'
const database = await createTestDatabase()
const models = await startModels(answer)
const engine = createEngine({ database: database.server, catalog })
let app: Awaited<ReturnType<typeof startNextApp>> | undefined
let cookie: string

beforeAll(async () => {
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId: 'north', name: 'North', plan: 'solo' })
  app = await startNextApp({
    DATABASE_URL: database.serverUrl,
    SESSION_SECRET: 'a secret for this test alone, 32 bytes or more',
    OPENAI_BASE_URL: models.settings.baseURL,
    OPENAI_API_KEY: models.settings.apiKey,
  })
  const response = await post('/sign-in', { id: 'dora', password: 'correct horse' })
  cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
}, 120_000)
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await engine.close()
  await models[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
  return fetch(`${app?.url}${path}`, { ...init, body: JSON.stringify(body) })
}
const minutes = () => post('/api/notes', { notes: 'Dora. door, paint. Monday' }, { cookie })

test('nobody signed in is answered 401, here and by Stipend', async () => {
  expect((await post('/api/notes', { notes: 'Hello' })).status).toBe(401)
  expect((await fetch(`${app?.url}/api/stipend/credits/balance`)).status).toBe(401)
  expect(models.calls).toBe(0)
})

test('streamed minutes show their charge, which is in the balance', async () => {
  expect(await readUIStream(await minutes())).toMatchObject({
    text: answer,
    receipt: { creditsUsed: 0.5, balanceRemaining: 14.5, model: 'openai/gpt-4o-mini' },
  })
  const response = await fetch(`${app?.url}/api/stipend/credits/balance`, { headers: { cookie } })
  expect(await response.json()).toMatchObject({ balance: 14.5, reservedCredits: 0 })
})

test('below the mount Stipend’s own routes take bodies, and its documentation page is served', async () => {
  const checked = await post('/api/stipend/ai/access-check', { capability: 'meeting_minutes' }, { cookie })
  expect(await checked.json()).toMatchObject({ isAllowed: true })
  expect((await fetch(`${app?.url}/api/stipend/docs/swagger-ui.css`)).status).toBe(200)
})

test('without credits the refusal is the status of the response, and no model is called', async () => {
  const calls = models.calls
  const organizationId = 'north'
  await engine.adjustCredits({ organizationId, credits: credits(-25), reason: 'test', sourceId: 'empty' })
  const response = await minutes()
  expect(response.status).toBe(402)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ code: 'insufficient_credits' })
  expect(models.calls).toBe(calls)
})

test('the books are right', async () => {
  expect(await engine.verifyLedger()).toMatchObject({ problems: [] })
})

import { credits, defineCatalog } from '@stipend/engine'
import { createStipend } from '@stipend/server'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CreditBalance, createStipendClient, StipendProblem } from './index.ts'

const catalog = defineCatalog({
  models: { mini: { model: 'openai/gpt-4o-mini', priceUsdPerMillion: { input: 1, output: 4 } } },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 4, enhanced: 8 } } },
  plans: {
    free: { monthlyCredits: 10, allows: { reply: { fast: ['mini'], perMinute: 100 } } },
    pro: {
      monthlyCredits: 500,
      priceUsdCents: 2900,
      allows: { reply: { fast: ['mini'], enhanced: ['mini'] } },
    },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
  settings: { overdraftLimit: 0 },
})

const database = await createTestDatabase()
const stipend = createStipend({ database: database.server, catalog })
let client: ReturnType<typeof createStipendClient>
let platformKey: string

const clientOf = (headers: Record<string, string>, organizationId?: string) =>
  createStipendClient({ baseUrl: 'http://127.0.0.1', fetch: stipend.fetch, headers, organizationId })

beforeAll(async () => {
  const { engine } = stipend
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId: 'lamps', name: 'Lamps', plan: 'free' })
  const scopes = ['ai:run', 'credits:read', 'billing:write'] as const
  const { secret } = await engine.createApiKey({ organizationId: 'lamps', name: 'test', scopes })
  client = clientOf({ authorization: `Bearer ${secret}` })
  platformKey = (await engine.createApiKey({ organizationId: null, name: 'test', scopes: ['admin'] })).secret
})
afterAll(async () => {
  await stipend.close()
  await database[Symbol.asyncDispose]()
})

async function problemOf(call: Promise<unknown>): Promise<StipendProblem> {
  const thrown: unknown = await call.then(
    () => null,
    (error: unknown) => error,
  )
  if (thrown instanceof StipendProblem) return thrown
  throw new Error(`No problem was thrown but ${String(thrown)}`)
}

test('every read answers what the server says', async () => {
  expect(await client.getBalance()).toMatchObject({ balance: 10, monthlyAllocation: 10, unlimited: false })
  const { transactions, nextCursor } = await client.listTransactions({ limit: 1 })
  expect(transactions).toMatchObject([{ type: 'plan_allocation', amount: 10 }])
  expect(nextCursor).toBeNull()
  expect(await client.getLimits()).toMatchObject([{ capability: 'reply', window: 'minute', limit: 100 }])
  expect(await client.listTopupPackages()).toMatchObject([{ id: 'starter', credits: 100 }])
  expect(await client.listCapabilities()).toMatchObject([{ capability: 'reply', name: 'Reply' }])
  expect((await client.getUsage({ groupBy: 'capability' })).groupBy).toBe('capability')
  const access = await client.checkAccess({ capability: 'reply' })
  expect(access).toMatchObject({ isAllowed: true, qualities: [{ quality: 'fast', estimatedCredits: 4 }] })
})

test('a refusal is a StipendProblem with its remedy', async () => {
  const problem = await problemOf(client.purchase('starter'))
  expect(problem).toMatchObject({ code: 'payments_not_configured', status: 503, retryable: false })
  const unknown = await problemOf(client.checkAccess({ capability: 'reply', quality: 'superb' }))
  expect(unknown).toMatchObject({ code: 'quality_not_found', status: 404 })
  expect(unknown.remedy?.action).toBe('choose')
  expect(unknown.requestId).toEqual(expect.any(String))
  expect((await problemOf(clientOf({}).getBalance())).code).toBe('unauthenticated')
})

test('a platform key acts for the organization that it is made for', async () => {
  const headers = { authorization: `Bearer ${platformKey}` }
  expect((await clientOf(headers, 'lamps').getBalance()).monthlyAllocation).toBe(10)
  expect((await problemOf(clientOf(headers, 'nobody').getBalance())).code).toBe('organization_not_found')
})

test('no answer is a problem that may pass; one that was aborted is none', async () => {
  const nowhere = createStipendClient({ baseUrl: 'http://127.0.0.1:9' })
  expect(await problemOf(nowhere.getBalance())).toMatchObject({ code: 'unreachable', retryable: true })
  const aborted = nowhere.getBalance({ signal: AbortSignal.abort() })
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
})

test('the balance is followed until it is left', async () => {
  const seen: CreditBalance[] = []
  const leave = new AbortController()
  const watching = client.watchBalance({ onBalance: (balance) => seen.push(balance), signal: leave.signal })
  await expect.poll(() => seen.length).toBe(1)
  await stipend.engine.grantCredits({
    organizationId: 'lamps',
    type: 'promo',
    credits: credits(5),
    sourceId: 'watch',
  })
  await expect.poll(() => seen.at(-1)?.bonusCredits, { timeout: 5_000 }).toBe(5)
  leave.abort()
  await watching
})

test('who may not see the balance is told so once', async () => {
  expect((await problemOf(clientOf({}).watchBalance({ onBalance: () => undefined }))).code).toBe(
    'unauthenticated',
  )
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Actor, credits } from '@stipend/engine'
import { receiptIn } from '@stipend/engine/ai'
import { createTestDatabase } from '@stipend/testing'
import { generateText, jsonSchema, tool } from 'ai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startModels } from '../test-support/models.ts'
import { readUIStream } from '../test-support/ui-stream.ts'
import type { Given } from './snippets.ts'

const database = await createTestDatabase()
const models = await startModels('{"verse":"The sea is wide."}')
// Where providers of the AI SDK look when they are told nothing, as soon as they are imported.
for (const name of ['OPENAI', 'ANTHROPIC']) {
  vi.stubEnv(`${name}_BASE_URL`, models.settings.baseURL)
  vi.stubEnv(`${name}_API_KEY`, models.settings.apiKey)
}
const { answerAtOnce, execute, loop, picked, respond, setUp, stopWithTheProcess, structured } = await import(
  './snippets.ts'
)
const stipend = setUp(database.server, async () => null)
const actor: Actor = { type: 'member', id: 'ann' }
let count = 0

beforeAll(async () => {
  await stipend.engine.pushCatalog({ author: 'test' })
})
afterAll(async () => {
  expect((await stipend.engine.verifyLedger()).problems).toEqual([])
  await stipend.close()
  await models[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

async function given(): Promise<Given> {
  count += 1
  const organizationId = `org-${count}`
  await stipend.engine.putOrganization({ organizationId, name: organizationId, plan: 'pro' })
  return { stipend, organizationId, actor, idempotencyKey: 'key', prompt: 'Two lines about the sea.' }
}
async function empty({ organizationId }: Given): Promise<void> {
  const sourceId = 'empty'
  await stipend.engine.adjustCredits({
    organizationId,
    credits: credits(-105),
    reason: 'test',
    sourceId,
  })
}

test('the guide’s code is the code below', async () => {
  const flat = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .join('\n')
  const guide = await readFile(join(import.meta.dirname, '../../docs/guide/metering.md'), 'utf8')
  const snippets = flat(await readFile(join(import.meta.dirname, 'snippets.ts'), 'utf8'))
  const blocks = [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)
  expect(blocks).toHaveLength(9)
  for (const block of blocks) expect(snippets).toContain(flat(block))
})

test('a streamed answer with its receipt; a refusal is thrown before it', async () => {
  const mine = await given()
  const read = await readUIStream(await respond(mine))
  expect(read.receipt).toMatchObject({ creditsUsed: 0.5, balanceRemaining: 99.5 })
  await empty(mine)
  await expect(respond({ ...mine, idempotencyKey: 'other' })).rejects.toMatchObject({
    code: 'insufficient_credits',
    status: 402,
  })
})

test('an answer at once, and the offer that a refusal holds', async () => {
  const mine = await given()
  const { organizationId } = mine
  const model = () => stipend.model({ organizationId, capability: 'reply' })
  expect(await answerAtOnce(model(), mine.prompt)).toMatchObject({ creditsUsed: 0.5 })
  await empty(mine)
  expect(await answerAtOnce(model(), mine.prompt)).toMatchObject({ offer: { packageId: 'starter' } })
})

test('a tool loop is charged step by step', async () => {
  const orderStatus = tool({
    inputSchema: jsonSchema<{ order: string }>({
      type: 'object',
      properties: { order: { type: 'string' } },
    }),
    execute: async () => 'shipped',
  })
  const mine = { ...(await given()), prompt: 'Where is my order?' }
  models.callsTool(mine.prompt, 'orderStatus', { order: '4711' })
  expect(await loop(mine, orderStatus)).toEqual({ perStep: [0.5, 0.5], total: 1 })
})

test('a structured answer is checked against its schema', async () => {
  const schema = jsonSchema<{ verse: string }>({
    type: 'object',
    properties: { verse: { type: 'string' } },
    required: ['verse'],
  })
  expect(await structured(await given(), schema)).toEqual({ verse: 'The sea is wide.' })
})

test('a picked model is metered', async () => {
  const mine = await given()
  const result = await generateText({ model: picked(mine), prompt: mine.prompt, maxRetries: 0 })
  expect(receiptIn(result)).toMatchObject({ model: 'anthropic/claude-haiku-4-5', quality: 'enhanced' })
})

test('anything else is charged by its usage, and what was reported where it fails', async () => {
  const mine = await given()
  const usage = { read: 400, written: 200 }
  const answer = await execute(mine, async () => ({ text: 'Done.', ...usage }))
  expect(answer).toMatchObject({ result: 'Done.', creditsUsed: credits(0.25) })
  const failing = execute({ ...mine, idempotencyKey: 'other' }, () => Promise.reject(new Error('away')))
  await expect(failing).rejects.toThrow('away')
  expect(await stipend.engine.checkCreditBalance(mine.organizationId)).toMatchObject({
    balance: credits(99.75),
    reservedCredits: 0,
  })
})

test('a signal ends the server, metering and the pool, in this order', async () => {
  const ended: string[] = []
  const end = (name: string) => async () => void ended.push(name)
  const closing = { ...stipend, close: end('stipend') }
  const pool = Object.assign(Object.create(database.server), { end: end('pool') })
  stopWithTheProcess(closing, pool, { close: end('server') })
  process.emit('SIGTERM')
  await expect.poll(() => ended).toEqual(['server', 'stipend', 'pool'])
})

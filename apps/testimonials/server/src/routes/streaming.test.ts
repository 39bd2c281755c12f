import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ModelServer, startModelServer } from '../test-support/model-server.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let models: ModelServer
let product: TestProduct
let apiKey: string
let id: string
let organizations = 0

beforeAll(async () => {
  models = await startModelServer()
  product = await startTestProduct({
    providers: { openaiCompatible: { baseUrl: models.baseUrl, apiKey: 'test' } },
    timeouts: { firstChunkMs: 400, chunkMs: 400, totalMs: 5_000 },
  })
})
afterAll(async () => {
  expect((await product.testimonials.engine.verifyLedger()).problems).toEqual([])
  await product[Symbol.asyncDispose]()
  await models[Symbol.asyncDispose]()
})
beforeEach(async () => {
  organizations += 1
  id = `streaming-${organizations}`
  apiKey = await product.organization(id, 'pro')
  models.requests.length = 0
  models.replies.length = 0
})

interface Event {
  event: string
  data: Record<string, unknown>
}

function eventsIn(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const field = (name: string) =>
        block
          .split('\n')
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join('\n')
      return { event: field('event'), data: JSON.parse(field('data')) }
    })
}

const body = {
  productName: 'Lumen Coffee',
  answers: [{ question: 'What has changed?', answer: 'Guests noticed within a week.' }],
}

function ask(signal?: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${product.url}/ai/assemble-testimonial`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })
}

const charges = async () => (await product.transactions(id)).filter(({ type }) => type === 'ai_consumption')
const sentence = ['{"testimonial": "Our ', 'guests noticed ', 'within a week."}']

test('text comes as it is written; the last event has the charge', async () => {
  models.replies.push({ deltas: sentence, end: { input: 1000, output: 1000 } })
  const response = await ask()
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const events = eventsIn(await response.text())
  const texts = events.filter(({ event }) => event === 'text').map(({ data }) => data['delta'])
  expect(texts.length).toBeGreaterThan(1)
  expect(texts.join('')).toBe('Our guests noticed within a week.')
  expect(events.at(-1)).toMatchObject({
    event: 'done',
    data: {
      testimonial: 'Our guests noticed within a week.',
      model: 'openai/gpt-6-luna',
      usage: { creditsUsed: 0.75, inputTokens: 1000, outputTokens: 1000 },
    },
  })
  expect((await charges())[0]).toMatchObject({ amount: -75, flags: [] })
})

test('a refusal is a problem with its status, before any event', async () => {
  const free = await product.organization(`${id}-free`, 'free')
  const response = await ask(undefined, { authorization: `Bearer ${free}` })
  expect(response.status).toBe(403)
  expect(await response.json()).toMatchObject({ code: 'not_in_plan' })
  expect(models.requests).toEqual([])
})

test('another model takes the place of one that fails before its first words', async () => {
  models.replies.push({ status: 503 }, { deltas: sentence, end: { input: 1000, output: 1000 } })
  const events = eventsIn(await (await ask()).text())
  expect(events.at(-1)).toMatchObject({ event: 'done', data: { model: 'google/gemini-3.5-flash-lite' } })
})

test.each(['hang up', 'be silent'] as const)(
  'made to %s mid-sentence, the answer ends with a problem and its charge',
  async (end) => {
    models.replies.push({ deltas: sentence.slice(0, 2), end })
    const events = eventsIn(await (await ask()).text())
    expect(
      events
        .filter(({ event }) => event === 'text')
        .map(({ data }) => data['delta'])
        .join(''),
    ).toMatch(/^Our guests/)
    const [row] = await charges()
    expect(row).toMatchObject({ flags: ['partial', 'estimated'] })
    expect(events.at(-1)).toMatchObject({
      event: 'problem',
      data: { code: 'provider_failed', creditsUsed: -(row?.amount ?? 0) / 100 },
    })
  },
)

test('a customer who closes the page pays for what was written, and the provider is told to stop', async () => {
  models.replies.push({ deltas: sentence.slice(0, 2), end: 'be silent' })
  const before = models.left
  const leave = new AbortController()
  const response = await ask(leave.signal)
  const reader = response.body?.getReader()
  await reader?.read()
  leave.abort()
  await expect.poll(charges, { timeout: 3_000 }).toMatchObject([{ flags: ['partial', 'estimated'] }])
  await expect.poll(() => models.left).toBe(before + 1)
  expect((await product.testimonials.engine.checkCreditBalance(id)).reservedCredits).toBe(0)
})

test('the same key streams the first answer again, charged once', async () => {
  models.replies.push({ deltas: sentence, end: { input: 1000, output: 1000 } })
  const key = { 'idempotency-key': 'once' }
  const first = eventsIn(await (await ask(undefined, key)).text()).at(-1)
  const again = eventsIn(await (await ask(undefined, key)).text()).at(-1)
  expect(again).toEqual({ event: 'done', data: { ...first?.data, replayed: true } })
  expect(models.requests).toHaveLength(1)
  expect(await charges()).toHaveLength(1)
})

test('an answer of another shape ends with a problem that tells its charge', async () => {
  models.replies.push({ deltas: ['{"verse": ', '"hacked"}'], end: { input: 1000, output: 1000 } })
  const events = eventsIn(await (await ask()).text())
  expect(events).toMatchObject([{ event: 'problem', data: { code: 'provider_failed', creditsUsed: 0.75 } }])
})

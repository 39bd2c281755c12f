import { credits } from '@stipend/engine'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ModelServer, startModelServer } from '../test-support/model-server.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let models: ModelServer
let product: TestProduct
let apiKey: string
let organizations = 0
let id: string

beforeAll(async () => {
  models = await startModelServer()
  product = await startTestProduct({
    providers: { openaiCompatible: { baseUrl: models.baseUrl, apiKey: 'test' } },
    timeouts: { attemptMs: 400, totalMs: 5_000 },
  })
})
afterAll(async () => {
  expect((await product.testimonials.engine.verifyLedger()).problems).toEqual([])
  await product[Symbol.asyncDispose]()
  await models[Symbol.asyncDispose]()
})
beforeEach(async () => {
  id = `providers-${organizations}`
  organizations += 1
  apiKey = await product.organization(id, 'pro')
  models.requests.length = 0
  models.replies.length = 0
})

const body = {
  productName: 'Lumen Coffee',
  answers: [{ question: 'What has changed?', answer: 'Guests noticed within a week.' }],
}
const good = JSON.stringify({ testimonial: 'Our guests noticed within a week.' })
const usage = { input: 1000, output: 1000 }
const assemble = (headers: Record<string, string> = {}) =>
  product.post('/ai/assemble-testimonial', apiKey, body, headers)
const charges = async () => (await product.transactions(id)).filter(({ type }) => type === 'ai_consumption')

describe('a provider', () => {
  it('is asked with instructions, delimited data and a limit, and its answer is charged at its price', async () => {
    models.replies.push({ text: good, usage })
    const answer = await assemble()
    expect(answer.body).toMatchObject({
      testimonial: 'Our guests noticed within a week.',
      simulated: false,
      model: 'openai/gpt-6-luna',
      usage: { inputTokens: 1000, outputTokens: 1000, creditsUsed: 0.75 },
    })
    const [request] = models.requests
    expect(request?.model).toBe('openai/gpt-6-luna')
    expect(request?.max_tokens).toBeGreaterThan(100)
    expect(request?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(request?.messages[0]?.content).toContain('never an instruction')
    expect(request?.messages[1]?.content).toMatch(/<customer_data>[^<]*Guests noticed[^<]*<\/customer_data>/)
    const [row] = await charges()
    expect(row).toMatchObject({ model: 'gpt_luna', amount: -75, flags: [], costUsd: 600_000n })
  })

  it.each([429, 500, 503, 401, 404])(
    'that answers %i passes on, and the served model sets the price',
    async (status) => {
      models.replies.push({ status }, { text: good, usage })
      const answer = await assemble()
      expect(answer.body).toMatchObject({ model: 'google/gemini-3.5-flash-lite', usage: { creditsUsed: 3 } })
      const [row] = await charges()
      expect(row).toMatchObject({ model: 'gemini_flash_lite', amount: -300, costUsd: 2_800_000n })
      expect(row?.providerMetadata).toMatchObject({
        requested: 'openai/gpt-6-luna',
        served: 'google/gemini-3.5-flash-lite',
        attempts: [
          { requested: 'openai/gpt-6-luna', status, inputTokens: null },
          { requested: 'google/gemini-3.5-flash-lite', outcome: 'served', inputTokens: 1000 },
        ],
      })
      expect(models.requests.map(({ model }) => model)).toEqual([
        'openai/gpt-6-luna',
        'google/gemini-3.5-flash-lite',
      ])
    },
  )

  it.each(['hang up', 'be silent'] as const)('made to %s passes on', async (reply) => {
    models.replies.push(reply, { text: good, usage })
    expect((await assemble()).body.model).toBe('google/gemini-3.5-flash-lite')
    const [row] = await charges()
    const outcome = reply === 'be silent' ? 'timeout' : 'lost_connection'
    expect(row?.providerMetadata).toMatchObject({ attempts: [{ outcome }, { outcome: 'served' }] })
  })

  it('that refuses the request as such ends the walk, free of charge', async () => {
    models.replies.push({ status: 400 })
    const answer = await assemble()
    expect(answer).toMatchObject({ status: 502, body: { code: 'provider_failed', creditsUsed: 0 } })
    expect(models.requests).toHaveLength(1)
    expect(await charges()).toEqual([])
  })

  it('that tells no usage is charged by counted tokens, marked estimated', async () => {
    models.replies.push({ text: good, usage: null })
    const answer = await assemble()
    expect(answer.body.usage.inputTokens).toBeGreaterThan(300)
    expect((await charges())[0]).toMatchObject({ flags: ['estimated'] })
  })

  it('has its cached and reasoning tokens told apart', async () => {
    models.replies.push({ text: good, usage: { input: 2000, output: 500, cached: 1500, reasoning: 300 } })
    expect((await assemble()).body.usage).toMatchObject({ cachedInputTokens: 1500, reasoningTokens: 300 })
  })
})

describe('a reply in another shape', () => {
  it('in a code fence is taken', async () => {
    models.replies.push({ text: `\`\`\`json\n${good}\n\`\`\``, usage })
    expect((await assemble()).body.testimonial).toBe('Our guests noticed within a week.')
    expect(models.requests).toHaveLength(1)
  })

  it.each([
    ['no JSON', 'Here is your testimonial: great beans!'],
    ['another object', '{"hacked":true}'],
    ['too short a text', '{"testimonial":"ok"}'],
  ])('(%s) is asked for once more, and both calls are charged', async (_name, text) => {
    models.replies.push({ text, usage }, { text: good, usage })
    const answer = await assemble()
    expect(answer.body).toMatchObject({
      model: 'openai/gpt-6-luna',
      usage: { inputTokens: 2000, creditsUsed: 1.25 },
    })
    expect(models.requests.map(({ model }) => model)).toEqual(['openai/gpt-6-luna', 'openai/gpt-6-luna'])
    const [row] = await charges()
    expect(row).toMatchObject({ amount: -credits(1.25) })
    expect(row?.providerMetadata).toMatchObject({
      attempts: [{ outcome: 'rejected_reply' }, { outcome: 'served' }],
    })
  })

  it('twice is a 502 that tells what it cost, and the same key tells it again without another call', async () => {
    models.replies.push({ text: '{"hacked":true}', usage }, { text: 'no', usage })
    const key = { 'idempotency-key': 'rejected' }
    const answer = await assemble(key)
    expect(answer).toMatchObject({
      status: 502,
      body: { code: 'provider_failed', creditsUsed: 1.25, replayed: false },
    })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(JSON.stringify(answer.body)).not.toContain('hacked')
    const [row] = await charges()
    expect(row).toMatchObject({ amount: -125, flags: ['rejected', 'review'] })
    expect(row?.providerMetadata).toMatchObject({ outcome: 'failed', served: null })
    expect(await assemble(key)).toMatchObject({ status: 502, body: { creditsUsed: 1.25, replayed: true } })
    expect(models.requests).toHaveLength(2)
    expect(await charges()).toHaveLength(1)
  })
})

describe('no provider', () => {
  it('that answers is a 502, free of charge, and the key may be used again', async () => {
    models.replies.push({ status: 500 }, { status: 429 }, { status: 503 })
    const key = { 'idempotency-key': 'again' }
    const answer = await assemble(key)
    expect(answer).toMatchObject({
      status: 502,
      body: { code: 'provider_failed', retryable: true, creditsUsed: 0 },
    })
    expect(await charges()).toEqual([])
    models.replies.push({ text: good, usage })
    expect(await assemble(key)).toMatchObject({ status: 200, body: { replayed: false } })
  })

  it('that was heard of again after it took the call is charged its input, marked for review', async () => {
    models.replies.push('be silent', 'be silent', 'hang up')
    const answer = await assemble()
    expect(answer).toMatchObject({ status: 502, body: { code: 'provider_failed' } })
    expect(answer.body.creditsUsed).toBeGreaterThan(0)
    const [row] = await charges()
    expect(row?.flags.toSorted()).toEqual(['ambiguous', 'review'])
  })

  it('leaves words of a text in the log', () => {
    expect(product.log()).toContain('"outcome":"rejected_reply"')
    expect(product.log()).not.toMatch(/guests noticed|hacked|great beans|told to fail/i)
  })
})

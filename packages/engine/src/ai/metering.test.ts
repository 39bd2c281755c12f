import { APICallError } from '@ai-sdk/provider'
import { generateText, isStepCount, jsonSchema, Output, streamText, tool, wrapLanguageModel } from 'ai'
import { expect, onTestFinished, test } from 'vitest'
import { testCatalog } from '../../test/catalog.ts'
import { useLedger } from '../../test/ledger.ts'
import { finish, type Line, ScriptedProvider, text, usageOf } from '../../test/scripted-model.ts'
import { credits } from '../credits.ts'
import { createEngine, defineCatalog } from '../index.ts'
import { type CallReport, createMetering, type Receipt, receiptIn } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

function scripted(scripts: Record<string, Line[][]>) {
  const provider = new ScriptedProvider(scripts)
  const reports: CallReport[] = []
  const metering = createMetering(engine, {
    providers: { demo: provider.model },
    timeouts: { totalMs: 3_000, attemptMs: 300, firstChunkMs: 300, chunkMs: 300, idleReaderMs: 400 },
    onReport: (report) => reports.push(report),
  })
  return { provider, metering, reports }
}

const failed = (statusCode: number): Line => ({
  throw: new APICallError({ message: 'no', url: 'http://model.test', requestBodyValues: {}, statusCode }),
})
const prompt = 'Write two lines about the sea, please.'
const answer = [...text('The sea ', 'is wide.'), finish(100, 50)]

async function lastRow(organizationId: string) {
  return (await ledger.transactions(organizationId)).at(-1)
}

test('a call is reserved, walks the list and is charged at the price of the model that served', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { provider, metering, reports } = scripted({ alpha: [[failed(529)]], beta: [answer] })
  const actor = { type: 'member', id: 'ann' } as const
  const model = metering.model({ organizationId, capability: 'reply', actor })
  const result = await generateText({ model, prompt, maxRetries: 0 })
  expect(result.text).toBe('The sea is wide.')
  expect(provider.calls.map(({ name }) => name)).toEqual(['alpha', 'beta'])
  // beta: 100 × 10 + 50 × 40 = 3,000 USD per million = 0.003 USD
  expect(receiptIn(result)).toMatchObject({
    creditsUsed: 3,
    balanceRemaining: 47,
    model: 'demo/beta',
    attempts: 2,
  })
  expect(await lastRow(organizationId)).toMatchObject({
    amount: -300,
    model: 'beta',
    actor,
    providerMetadata: {
      requested: 'demo/alpha',
      attempts: [
        { requested: 'demo/alpha', outcome: 'unavailable', status: 529 },
        { requested: 'demo/beta', outcome: 'served', inputTokens: 100, outputTokens: 50 },
      ],
    },
  })
  expect(reports).toMatchObject([{ outcome: 'served', capability: 'reply' }])
})

test('a retired model hands its calls to its replacement, whose price is held and charged', async () => {
  const alpha = {
    model: 'demo/alpha',
    priceUsdPerMillion: { input: 1, output: 4 },
    deprecatedAt: '2026-01-01',
    replacement: 'gamma',
  }
  const gamma = {
    model: 'demo/gamma',
    priceUsdPerMillion: { input: 2, output: 8 },
    deprecatedAt: '2999-01-01',
    replacement: 'beta',
  }
  const catalog = defineCatalog({ ...testCatalog, models: { ...testCatalog.models, alpha, gamma } })
  const own = createEngine({ database: ledger.database.server, catalog })
  onTestFinished(async () => {
    await engine.pushCatalog({ author: 'test' })
    await own.close()
  })
  await own.pushCatalog({ author: 'test' })
  const organizationId = await ledger.createOrganization('team', 50)
  const provider = new ScriptedProvider({ gamma: [answer] })
  const metering = createMetering(own, { providers: { demo: provider.model } })
  const model = metering.model({ organizationId, capability: 'reply', quality: 'fast' })
  const result = await generateText({ model, prompt, maxRetries: 0 })
  expect(provider.calls.map(({ name }) => name)).toEqual(['gamma'])
  // gamma: 100 × 2 + 50 × 8 = 600 USD per million, 0.6 credits, rounded up to the increment
  expect(receiptIn(result)).toMatchObject({ creditsUsed: 0.75, model: 'demo/gamma' })
  expect(await lastRow(organizationId)).toMatchObject({
    providerMetadata: {
      attempts: [
        { requested: 'demo/alpha', outcome: 'retired' },
        { requested: 'demo/gamma', outcome: 'served' },
      ],
    },
  })
  const reservation = await own.reserveCredits({ organizationId, capability: 'reply', quality: 'fast' })
  expect(reservation.models.map(({ key }) => key)).toEqual(['alpha', 'gamma', 'beta'])
})

test('the output cap of the capability goes to the model, the caller’s own where it is lower', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const { provider, metering } = scripted({ alpha: [answer, answer] })
  const model = () => metering.model({ organizationId, capability: 'reply' })
  await generateText({ model: model(), prompt })
  await generateText({ model: model(), prompt, maxOutputTokens: 200 })
  expect(provider.calls.map(({ options }) => options.maxOutputTokens)).toEqual([1000, 200])
})

test('a refusal calls no model', async () => {
  const organizationId = await ledger.createOrganization('payg')
  const { provider, metering } = scripted({})
  const model = metering.model({ organizationId, capability: 'reply' })
  await expect(generateText({ model, prompt })).rejects.toMatchObject({ code: 'insufficient_credits' })
  expect(provider.calls).toEqual([])
})

test('where no provider took the call, nothing is charged', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { metering } = scripted({ alpha: [[failed(401)]], beta: [[failed(404)]] })
  const model = metering.model({ organizationId, capability: 'reply' })
  await expect(generateText({ model, prompt })).rejects.toMatchObject({
    code: 'provider_failed',
    detail: { creditsUsed: 0, attempts: [{ outcome: 'refused_credentials' }, { outcome: 'retired' }] },
  })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 50, reserved: 0 })
})

test('busy models are asked once more after a pause', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { provider, metering } = scripted({ alpha: [[failed(429)], answer], beta: [[failed(503)]] })
  const result = await generateText({
    model: metering.model({ organizationId, capability: 'reply' }),
    prompt,
  })
  expect(result.text).toBe('The sea is wide.')
  expect(provider.calls.map(({ name }) => name)).toEqual(['alpha', 'beta', 'alpha'])
})

test('a call that may have been accepted and gave nothing is charged its input, for review', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { metering } = scripted({ alpha: [[{ hang: true }]], beta: [[failed(400)]] })
  const model = metering.model({ organizationId, capability: 'reply' })
  const error = await generateText({ model, prompt }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'provider_failed',
    detail: { creditsUsed: 0.25, attempts: [{ outcome: 'timeout' }, { outcome: 'refused_request' }] },
  })
  expect(await lastRow(organizationId)).toMatchObject({
    amount: -25,
    model: 'alpha',
    flags: ['ambiguous', 'review'],
  })
})

test('an answer of another shape is asked for once more, both are charged; then it is reported', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const wrong = [...text('{"verse": 1}'), finish(100, 50)]
  const right = [...text('{"verse": "The sea"}'), finish(100, 50)]
  const { metering } = scripted({ alpha: [wrong, right, wrong, wrong] })
  const output = Output.object({
    schema: jsonSchema<{ verse: string }>({
      type: 'object',
      properties: { verse: { type: 'string' } },
      required: ['verse'],
    }),
  })
  const call = () =>
    generateText({
      model: metering.model({ organizationId, capability: 'reply' }),
      prompt,
      output,
      maxRetries: 0,
    })
  const good = await call()
  expect(good.output).toEqual({ verse: 'The sea' })
  // alpha: (100 + 50 × 4) / 1,000 = 0.3 credits a call: 0.6 together, rounded up
  expect(receiptIn(good)).toMatchObject({ creditsUsed: 0.75 })
  await expect(call()).rejects.toMatchObject({ code: 'provider_failed', detail: { creditsUsed: 0.75 } })
  expect(await lastRow(organizationId)).toMatchObject({ amount: -75, flags: ['rejected', 'review'] })
})

test('each step of a tool loop is a hold of its own; its key is replayed step by step', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const toolCall: Line[] = [
    { type: 'tool-call', toolCallId: 'call-1', toolName: 'depth', input: '{"at":"Bergen"}' },
    { type: 'finish', finishReason: { unified: 'tool-calls', raw: undefined }, usage: usageOf(200, 100) },
  ]
  const { provider, metering } = scripted({ alpha: [toolCall, answer] })
  const depth = tool({
    inputSchema: jsonSchema<{ at: string }>({ type: 'object', properties: { at: { type: 'string' } } }),
    execute: () => 'deep',
  })
  const run = () =>
    generateText({
      model: metering.model({ organizationId, capability: 'reply', idempotencyKey: 'loop' }),
      prompt,
      tools: { depth },
      stopWhen: isStepCount(3),
    })
  const result = await run()
  expect(result.steps.map((step) => receiptIn(step))).toMatchObject([
    { creditsUsed: 0.75, step: 1 },
    { creditsUsed: 0.5, step: 2, totalCreditsUsed: 1.25 },
  ])
  const again = await run()
  expect(again.text).toBe(result.text)
  expect(receiptIn(again)).toMatchObject({ replayed: true, totalCreditsUsed: 1.25 })
  expect(provider.calls).toHaveLength(2)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 48.75, reserved: 0 })
})

test('a stream is passed on and settled before its end, which has the receipt', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { metering } = scripted({ alpha: [[failed(500)], answer], beta: [answer] })
  const model = metering.model({ organizationId, capability: 'reply', idempotencyKey: 'once' })
  const result = streamText({ model, prompt, maxRetries: 0 })
  const parts: unknown[] = []
  for await (const part of result.toUIMessageStream({ messageMetadata: metering.receipt })) parts.push(part)
  expect(await result.text).toBe('The sea is wide.')
  const metadata = parts.find((part) => (part as { type: string }).type === 'message-metadata')
  expect(metadata).toMatchObject({ messageMetadata: { stipend: { creditsUsed: 3, model: 'demo/beta' } } })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 47, reserved: 0 })

  const again = metering.model({ organizationId, capability: 'reply', idempotencyKey: 'once' })
  const replay = streamText({ model: again, prompt, maxRetries: 0 })
  expect(await replay.text).toBe('The sea is wide.')
  expect(receiptIn(await replay.finalStep)).toMatchObject({ replayed: true, creditsUsed: 3 })
})

test('until a stream has started its refusal is thrown, afterwards it goes on as it was', async () => {
  const organizationId = await ledger.createOrganization('payg', 1)
  const { metering } = scripted({ alpha: [answer] })
  const ask = () => {
    const model = metering.model({ organizationId, capability: 'reply' })
    return streamText({ model, prompt, maxRetries: 0, onError: () => undefined }).stream
  }
  await expect(metering.started(ask())).rejects.toMatchObject({ code: 'insufficient_credits' })
  await engine.grantCredits({
    organizationId,
    credits: credits(50),
    type: 'promo',
    sourceId: 'promo',
  })
  const types: string[] = []
  for await (const part of await metering.started(ask())) types.push(part.type)
  expect(types).toEqual([
    'start',
    'start-step',
    'text-start',
    'text-delta',
    'text-delta',
    'text-end',
    'finish-step',
    'finish',
  ])
})

test('a caller who leaves pays for what was produced, as partial, and the provider is told to stop', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const words = Array.from({ length: 400 }, () => 'wave ').join('')
  const { provider, metering } = scripted({ alpha: [[...text(words).slice(0, 2), { hang: true }]] })
  const leave = new AbortController()
  const result = streamText({
    model: metering.model({ organizationId, capability: 'reply' }),
    prompt,
    abortSignal: leave.signal,
    maxRetries: 0,
  })
  for await (const delta of result.textStream) {
    expect(delta).toBe(words)
    leave.abort()
  }
  await metering.close()
  expect(provider.aborted).toEqual(['alpha'])
  const row = await lastRow(organizationId)
  expect(row).toMatchObject({ model: 'alpha', flags: ['partial', 'estimated'] })
  // 400 words are some 400 to 600 tokens at 0.004 credits
  expect(Math.abs(row?.amount ?? 0)).toBeGreaterThanOrEqual(150)
  expect(Math.abs(row?.amount ?? 0)).toBeLessThanOrEqual(300)
})

test('a reader that just stops reading has left', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { metering } = scripted({ alpha: [[...text('one', 'two', 'three'), { hang: true }]] })
  const { stream } = await metering
    .model({ organizationId, capability: 'reply' })
    .doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: prompt }] }] })
  const reader = stream.getReader()
  await reader.read()
  await expect
    .poll(() => ledger.pools(organizationId), { timeout: 5_000 })
    .toMatchObject({ reserved: 0, bonus: 49.75 })
})

test.each([
  ['ends without an end', [...text('The sea'), { throw: new Error('cut') }] as Line[]],
  ['hangs', [...text('The sea'), { hang: true }] as Line[]],
  ['fails', [...text('The sea'), { type: 'error', error: new Error('overloaded') }] as Line[]],
])('a stream that %s is charged for what came, and says so', async (_, script) => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { metering } = scripted({ alpha: [script] })
  const model = metering.model({ organizationId, capability: 'reply' })
  const errors: unknown[] = []
  const result = streamText({ model, prompt, maxRetries: 0, onError: ({ error }) => errors.push(error) })
  let seen = ''
  for await (const delta of result.textStream) seen += delta
  expect(seen).toBe('The sea')
  expect(errors).toMatchObject([{ code: 'provider_failed', detail: { creditsUsed: 0.25 } }])
  expect(await lastRow(organizationId)).toMatchObject({ amount: -25, flags: ['partial', 'estimated'] })
})

test('another model takes the place of one that fails before its first words', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const early: Line[] = [
    { type: 'stream-start', warnings: [] },
    { type: 'error', error: { type: 'overloaded_error' } },
  ]
  const { metering } = scripted({ alpha: [early], beta: [answer] })
  const result = streamText({
    model: metering.model({ organizationId, capability: 'reply' }),
    prompt,
    maxRetries: 0,
  })
  expect(await result.text).toBe('The sea is wide.')
  expect((await lastRow(organizationId))?.providerMetadata).toMatchObject({
    attempts: [{ outcome: 'unavailable', status: 529 }, { outcome: 'served' }],
  })
})

test('middleware meters a model that the host picked; one outside the plan is refused', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const { provider, metering } = scripted({ beta: [answer], gamma: [answer] })
  const wrapped = (name: string) =>
    wrapLanguageModel({
      model: provider.model(name),
      middleware: metering.meter({ organizationId, capability: 'reply' }),
    })
  const result = await generateText({ model: wrapped('beta'), prompt })
  expect(receiptIn(result)).toMatchObject({ model: 'demo/beta', creditsUsed: 3 } satisfies Partial<Receipt>)
  await expect(generateText({ model: wrapped('gamma'), prompt })).rejects.toMatchObject({
    code: 'model_not_allowed',
  })
})

test('at shutdown streams finish, or settle as partial after the grace', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const { metering } = scripted({
    alpha: [
      [...text('The sea'), { wait: 100 }, finish(10, 10)],
      [...text('The sea'), { hang: true }],
    ],
  })
  const start = () =>
    streamText({
      model: metering.model({ organizationId, capability: 'reply' }),
      prompt,
      onError: () => undefined,
    })
  const readers = [start(), start()].map(async (result) => {
    for await (const _ of result.textStream);
  })
  await expect.poll(async () => (await ledger.pools(organizationId)).reserved).toBeGreaterThan(0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await metering.close(150)
  await Promise.all(readers)
  const rows = await ledger.transactions(organizationId)
  expect(rows.slice(-2).map(({ flags }) => flags)).toEqual([[], ['partial', 'estimated']])
  await expect(
    generateText({ model: metering.model({ organizationId, capability: 'reply' }), prompt }),
  ).rejects.toMatchObject({ code: 'overloaded' })
})

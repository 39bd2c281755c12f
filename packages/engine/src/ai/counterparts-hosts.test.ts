import { createOpenAI } from '@ai-sdk/openai'
import { generateText, isStepCount, jsonSchema, streamText, tool, wrapLanguageModel } from 'ai'
import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { useCounterparts } from '../../test/counterparts.ts'
import { providerCatalog } from '../../test/provider-catalog.ts'
import { providersAt } from '../../test/wire/server.ts'
import { createEngine } from '../index.ts'
import { createMetering, receiptIn } from './index.ts'

const { ledger, engine, server, metering, createOrganization, lastRow, charged } = await useCounterparts()

const prompt = 'sea '.repeat(1_000)
const words = ['The sea ', 'is wide.']
const answer = { words, usage: { input: 1_000, output: 500 } }

test.each(['generateText', 'streamText'])(
  'a provider function that throws leaves no hold: %s',
  async (how) => {
    const organizationId = await createOrganization()
    const broken = createMetering(engine, {
      providers: () => {
        throw new Error('no such key in the vault')
      },
    })
    const model = broken.model({ organizationId, capability: 'openai' })
    const errors: unknown[] = []
    if (how === 'generateText')
      await generateText({ model, prompt }).catch((error: unknown) => errors.push(error))
    else await streamText({ model, prompt, onError: ({ error }) => errors.push(error) }).consumeStream()
    expect(errors).toMatchObject([{ message: 'no such key in the vault' }])
    expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 1_000, reserved: 0 })
    await broken.close(0)
  },
)

test.each(['generateText', 'streamText'])('a report that throws costs nobody an answer: %s', async (how) => {
  const organizationId = await createOrganization()
  const warnings: string[] = []
  const note = ({ message }: Error) => warnings.push(message)
  process.on('warning', note)
  const loud = createMetering(engine, {
    providers: providersAt(server.url),
    onReport: () => {
      throw new Error('the log is full')
    },
  })
  server.script({ 'gpt-5-mini': [{ status: 500 }], spare: [answer] })
  const model = loud.model({ organizationId, capability: 'openai', quality: 'enhanced' })
  const result =
    how === 'generateText' ? await generateText({ model, prompt }) : streamText({ model, prompt })
  expect(await result.text).toBe('The sea is wide.')
  await expect.poll(() => warnings).toEqual(['the log is full'])
  process.off('warning', note)
  await loud.close(0)
})

test('an unreadable usage is none: an empty one, and one of nulls', async () => {
  for (const usage of [{}, { prompt_tokens: null, completion_tokens: null }]) {
    const organizationId = await createOrganization()
    server.script({ llama: [{ ...answer, usage: null }] })
    const odd = createMetering(engine, {
      providers: (modelId) => ({
        provider: 'local',
        model: createOpenAI({
          baseURL: `${server.url}/local/v1`,
          apiKey: 'not-a-key',
          fetch: async (url, init) => {
            const body = (await (await fetch(url, init)).json()) as object
            return Response.json({ ...body, usage })
          },
        }).chat(modelId.slice('local/'.length)),
      }),
    })
    await generateText({ model: odd.model({ organizationId, capability: 'local' }), prompt })
    expect(await lastRow(organizationId)).toMatchObject({ flags: ['estimated'] })
    expect(await charged(organizationId)).toBeGreaterThan(1)
    await odd.close(0)
  }
})

test('one middleware over two models charges each at its own price, in one row of keys', async () => {
  const organizationId = await createOrganization()
  const providers = providersAt(server.url) as unknown as Record<'local', (name: string) => never>
  const middleware = metering.meter({
    organizationId,
    capability: 'local',
    quality: 'enhanced',
    idempotencyKey: 'both',
  })
  const call = { toolCall: { name: 'depth', input: {} }, usage: { input: 1_000, output: 500 } }
  server.script({ llama: [call], spare: [answer] })
  const wrapped = (name: string) => wrapLanguageModel({ model: providers.local(name), middleware })
  const result = await generateText({
    model: wrapped('llama'),
    prompt,
    tools: {
      depth: tool({ inputSchema: jsonSchema<object>({ type: 'object' }), execute: () => 'deep' }),
    },
    stopWhen: isStepCount(2),
    prepareStep: ({ stepNumber }) => (stepNumber === 1 ? { model: wrapped('spare') } : {}),
  })
  // llama: 1,000 × 1 + 500 × 4; spare: twice as much
  expect(result.steps.map((step) => receiptIn(step))).toMatchObject([
    { model: 'local/llama', creditsUsed: 3, step: 1 },
    { model: 'local/spare', creditsUsed: 6, step: 2, totalCreditsUsed: 9 },
  ])
})

test('a file in the prompt is part of the key’s comparison and goes to the provider as bytes', async () => {
  const organizationId = await createOrganization()
  server.script({ 'gpt-5-mini': [answer] })
  const call = (bytes: number[]) =>
    generateText({
      model: metering.model({ organizationId, capability: 'openai', idempotencyKey: 'picture' }),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'file', data: new Uint8Array(bytes), mediaType: 'image/png' },
          ],
        },
      ],
    })
  await call([137, 80, 78, 71])
  expect(JSON.stringify(server.requests[0]?.body)).toContain('data:image/png;base64,iVBORw==')
  expect(receiptIn(await call([137, 80, 78, 71]))).toMatchObject({ replayed: true })
  await expect(call([137, 80, 78, 72])).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  expect(server.requests).toHaveLength(1)
})

test('a UI stream of an answer that breaks off has the receipt and what onError says', async () => {
  const organizationId = await createOrganization()
  server.script({ 'claude-sonnet-4-5': [{ words, usage: answer.usage, ending: 'error' }] })
  const model = metering.model({ organizationId, capability: 'anthropic' })
  const parts: { type: string }[] = []
  const stream = streamText({ model, prompt, onError: () => undefined }).toUIMessageStream({
    messageMetadata: metering.receipt,
    onError: (error) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
  })
  for await (const part of stream) parts.push(part)
  expect(parts).toContainEqual({ type: 'error', errorText: 'provider_failed' })
  expect(parts.find(({ type }) => type === 'message-metadata')).toMatchObject({
    messageMetadata: { stipend: { partial: true, model: 'anthropic/claude-sonnet-4-5' } },
  })
})

test('a refusal reaches onError of a UI stream, once, and nothing was called', async () => {
  const organizationId = await ledger.createOrganization('payg')
  server.script({})
  const model = metering.model({ organizationId, capability: 'anthropic' })
  const parts: { type: string }[] = []
  const stream = streamText({ model, prompt, onError: () => undefined }).toUIMessageStream({
    onError: (error) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
  })
  for await (const part of stream) parts.push(part)
  expect(parts.filter(({ type }) => type === 'error')).toEqual([
    { type: 'error', errorText: 'insufficient_credits' },
  ])
  expect(server.requests).toEqual([])
})

test('where the database is gone when the answer ends, the caller has the answer, and nothing waits', async () => {
  const organizationId = await ledger.createOrganization('payg', 1_000)
  const pool = new Pool({ connectionString: ledger.database.serverUrl, max: 2 })
  const lost = createEngine({ database: pool, catalog: providerCatalog })
  const there = createMetering(lost, { providers: providersAt(server.url) })
  const paced = { ...answer, everyMs: 50 }
  server.script({ llama: [paced, paced, { words: ['The sea '], usage: null, ending: 'cut' }] })
  const open = () => {
    const result = streamText({
      model: there.model({ organizationId, capability: 'local' }),
      prompt,
      onError: () => undefined,
    })
    return result.textStream[Symbol.asyncIterator]()
  }
  const iterators = [open(), open(), open()]
  const texts = await Promise.all(iterators.map(async (iterator) => (await iterator.next()).value))
  expect(texts).toEqual(['The sea ', 'The sea ', 'The sea '])
  await pool.end()
  const rest = await Promise.all(iterators.slice(0, 2).map(async (iterator) => (await iterator.next()).value))
  expect(rest).toEqual(['is wide.', 'is wide.'])
  const ends = await Promise.all(iterators.map((iterator) => iterator.next()))
  expect(ends.map(({ done }) => done)).toEqual([true, true, true])
  await there.close()
})

test('a shutdown while a call reserves: no model is called, and no hold is left when it is done', async () => {
  const organizationId = await ledger.createOrganization('payg', 1_000)
  server.script({ llama: [answer] })
  const closing = createMetering(engine, { providers: providersAt(server.url) })
  const call = generateText({ model: closing.model({ organizationId, capability: 'local' }), prompt })
  const outcome = call.catch((error: unknown) => error)
  await new Promise((resolve) => setImmediate(resolve))
  await closing.close()
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 1_000, reserved: 0 })
  expect(await outcome).toMatchObject({ code: 'overloaded' })
  expect(server.requests).toEqual([])
})

test('a slow reader past the time limit pays what the provider told meanwhile, exactly', async () => {
  const organizationId = await createOrganization()
  server.script({ llama: [answer] })
  const model = metering.model({
    organizationId,
    capability: 'local',
    timeouts: { totalMs: 300, idleReaderMs: 5_000 },
  })
  const { stream } = await model.doStream({
    prompt: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
  })
  const parts: { type: string }[] = []
  for await (const part of stream) {
    parts.push(part)
    if (parts.length === 1) await new Promise((resolve) => setTimeout(resolve, 500))
  }
  expect(parts.map(({ type }) => type).slice(-2)).toEqual(['error', 'finish'])
  expect(await lastRow(organizationId)).toMatchObject({ amount: -300, flags: ['partial'] })
})

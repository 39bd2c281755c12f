import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogle } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { LLMock } from '@copilotkit/aimock'
import { generateText, isStepCount, jsonSchema, streamText, tool } from 'ai'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { modelNames, rates, timeouts, useCounterparts } from '../../test/counterparts.ts'
import { protocols } from '../../test/wire/answer.ts'
import { createMetering, receiptIn } from './index.ts'

const { engine, createOrganization, lastRow, charged } = await useCounterparts()

/** A third party's stand-in for the providers: it knows their protocols from elsewhere than we do. */
const mock = new LLMock({ port: 0, logLevel: 'silent' })
await mock.start()
const apiKey = 'not-a-key'
const metering = createMetering(engine, {
  timeouts,
  providers: {
    openai: createOpenAI({ baseURL: `${mock.url}/v1`, apiKey }),
    anthropic: createAnthropic({ baseURL: `${mock.url}/v1`, apiKey }),
    google: createGoogle({ baseURL: `${mock.url}/v1beta`, apiKey }),
    local: createOpenAICompatible({ name: 'local', baseURL: `${mock.url}/v1`, apiKey, includeUsage: true }),
  },
})
afterEach(() => {
  mock.reset()
})
afterAll(async () => {
  await metering.close(0)
  await mock.stop()
})

const prompt = 'sea '.repeat(1_000)
const content = 'The sea is wide, and nobody has counted its waves.'
/** As every protocol names it. */
const usage = {
  prompt_tokens: 1_000,
  completion_tokens: 500,
  input_tokens: 1_000,
  output_tokens: 500,
  promptTokenCount: 1_000,
  candidatesTokenCount: 500,
}
const of = (name: string) => ({ model: name })
const spare = { content, usage }
/** 1,000 × 2 + 500 × 8 USD per million. */
const sparePrice = 6

/** Calls with a spare model, and reads to the end. */
async function call(how: string, capability: (typeof protocols)[number], quality: 'fast' | 'enhanced') {
  const organizationId = await createOrganization()
  const model = metering.model({ organizationId, capability, quality })
  const errors: unknown[] = []
  if (how === 'generateText') {
    const { text } = await generateText({ model, prompt })
    return { organizationId, text, errors }
  }
  const result = streamText({ model, prompt, onError: ({ error }) => errors.push(error) })
  let text = ''
  for await (const delta of result.textStream) text += delta
  return { organizationId, text, errors }
}

const ways = protocols.flatMap((protocol) =>
  ['generateText', 'streamText'].map((how) => [protocol, how] as const),
)

describe.each(ways)('%s, %s', (protocol, how) => {
  const name = modelNames[protocol]

  test('is answered and charged by its usage', async () => {
    mock.on(of(name), { content, usage })
    const { organizationId, text } = await call(how, protocol, 'fast')
    expect(text).toBe(content)
    const { input, output } = rates[protocol]
    expect(await charged(organizationId)).toBeCloseTo(Math.ceil((1_000 * input + 500 * output) / 10) / 100, 5)
    expect(await lastRow(organizationId)).toMatchObject({ flags: [] })
  })

  test.each([429, 500, 529, 401, 404])('%i: the spare model', async (status) => {
    mock.on(of(name), { error: { message: 'told to fail', type: 'test' }, status })
    mock.on(of('spare'), spare)
    const { organizationId, text } = await call(how, protocol, 'enhanced')
    expect(text).toBe(content)
    expect(await charged(organizationId)).toBe(sparePrice)
    expect((await lastRow(organizationId))?.providerMetadata).toMatchObject({
      attempts: [{ status }, { outcome: 'served', requested: 'local/spare' }],
    })
  })

  test.each([
    ['malformed JSON', { malformedRate: 1 }],
    ['a connection that is dropped', { disconnectRate: 1 }],
  ])('%s: the spare model', async (_, chaos) => {
    mock.on(of(name), { content, usage }, { chaos })
    mock.on(of('spare'), spare)
    const { organizationId, text } = await call(how, protocol, 'enhanced')
    expect(text).toBe(content)
    expect(await charged(organizationId)).toBe(sparePrice)
  })

  test('silence: the spare model', async () => {
    mock.on(of(name), { content, usage }, { chaos: { latencyMs: 2_000 } })
    mock.on(of('spare'), spare)
    const { organizationId, text } = await call(how, protocol, 'enhanced')
    expect(text).toBe(content)
    expect((await lastRow(organizationId))?.providerMetadata).toMatchObject({
      attempts: [{ outcome: 'timeout' }, { outcome: 'served' }],
    })
  })
})

test.each(protocols)('a stream of %s that is truncated is partial', async (protocol) => {
  mock.on(
    of(modelNames[protocol]),
    { content: content.repeat(10), usage },
    {
      chunkSize: 20,
      truncateAfterChunks: 12,
      latency: 10,
    },
  )
  const { organizationId, text, errors } = await call('streamText', protocol, 'fast')
  expect(content.repeat(10).startsWith(text)).toBe(true)
  expect(text.length).toBeGreaterThan(20)
  expect(text.length).toBeLessThan(content.length * 10)
  expect(errors).toMatchObject([{ code: 'provider_failed' }])
  expect((await lastRow(organizationId))?.flags).toEqual(['partial', 'estimated'])
})

test.each(ways)('a tool loop of %s, %s', async (protocol, how) => {
  const match = of(modelNames[protocol])
  const toolCalls = [{ name: 'depth', arguments: '{"at":"Bergen"}' }]
  // Google has no reason of its own for calls of tools, which the stand-in makes up unless it is told.
  mock.on(
    { ...match, hasToolResult: false },
    { toolCalls, usage, ...(protocol === 'google' ? { finishReason: 'stop' } : {}) },
  )
  mock.on({ ...match, hasToolResult: true }, { content, usage })
  const organizationId = await createOrganization()
  const options = {
    model: metering.model({ organizationId, capability: protocol }),
    prompt,
    tools: {
      depth: tool({
        inputSchema: jsonSchema<{ at: string }>({ type: 'object', properties: { at: { type: 'string' } } }),
        execute: () => 'deep',
      }),
    },
    stopWhen: isStepCount(3),
  }
  const result = how === 'generateText' ? await generateText(options) : streamText(options)
  expect(await result.text).toBe(content)
  const once = await charged(organizationId)
  expect(receiptIn(await result.finalStep)).toMatchObject({
    step: 2,
    totalCreditsUsed: Math.round(once * 200) / 100,
  })
})

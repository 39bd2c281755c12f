import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, jsonSchema, Output, streamText, tool, wrapLanguageModel } from 'ai'
import { describe, expect, test } from 'vitest'
import { modelNames, rates, useCounterparts } from '../../test/counterparts.ts'
import { type Answer, type Protocol, protocols, type WireUsage } from '../../test/wire/answer.ts'
import { createMetering, receiptIn } from './index.ts'

const { ledger, engine, server, metering, createOrganization, lastRow, charged } = await useCounterparts()

/** As long as the usage says: a charge is never above what the hold's prompt and output cap could cost. */
const prompt = 'sea '.repeat(20_000)
const usage: WireUsage = { input: 20_000, cached: 8_000, output: 3_000, reasoning: 1_000 }
const usageOf: Record<Protocol, WireUsage> = {
  openai: usage,
  anthropic: { ...usage, written: 4_000 },
  google: usage,
  local: usage,
}
/** By hand: OpenAI 12,000 × 0.25 + 8,000 × 0.025 + 3,000 × 2 = 9,200 nano … in credits of 0.001 USD. */
const expected: Record<Protocol, number> = { openai: 9.2, anthropic: 86.4, google: 11.34, local: 32 }

/** As the SDK tells it: of Google's it does not. */
const servedNames = { ...modelNames, google: null }
const words = ['The sea ', 'is wide.']
const script = (protocol: Protocol, ...answers: Answer[]) =>
  server.script({ [modelNames[protocol]]: answers })

/** Calls and reads to the end, either way. */
async function call(how: string, options: Parameters<typeof streamText>[0]) {
  if (how === 'generateText') return await generateText(options as Parameters<typeof generateText>[0])
  const result = streamText(options)
  await result.consumeStream()
  return result
}
const ways = protocols.flatMap((protocol) =>
  ['generateText', 'streamText'].map((how) => [protocol, how] as const),
)

describe.each(ways)('%s, %s', (protocol, how) => {
  test('usage is exact and charged at the price of the model, cached tokens once', async () => {
    const organizationId = await createOrganization()
    script(protocol, { words, usage: usageOf[protocol] })
    const model = metering.model({ organizationId, capability: protocol })
    const result = await call(how, { model, prompt })
    expect(await result.text).toBe('The sea is wide.')
    const receipt = receiptIn(await result.finalStep)
    expect(receipt).toMatchObject({
      creditsUsed: expected[protocol],
      inputTokens: 20_000,
      cachedInputTokens: 8_000,
      outputTokens: 3_000,
      reasoningTokens: 1_000,
      attempts: 1,
      partial: false,
    })
    const { input, cached = 0, written = 0, output } = usageOf[protocol]
    const rate = rates[protocol]
    const milliUsd =
      (input - cached - written) * rate.input +
      cached * rate.cached +
      written * rate.written +
      output * rate.output
    expect(milliUsd / 1_000).toBeCloseTo(expected[protocol], 9)
    expect(await lastRow(organizationId)).toMatchObject({
      amount: -Math.round(expected[protocol] * 100),
      flags: [],
      providerMetadata: {
        outcome: 'served',
        attempts: [{ outcome: 'served', served: servedNames[protocol], inputTokens: 20_000 }],
      },
    })
    expect(server.requests).toMatchObject([{ protocol, isStream: how === 'streamText', isLeft: false }])
  })

  test('an explicit zero is zero', async () => {
    const organizationId = await createOrganization()
    script(protocol, { words, usage: { input: 0, output: 0 } })
    const model = metering.model({ organizationId, capability: protocol })
    const result = await call(how, { model, prompt })
    expect(receiptIn(await result.finalStep)).toMatchObject({ creditsUsed: 0 })
    expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 1_000 })
  })

  test('a structured output arrives and is charged', async () => {
    const organizationId = await createOrganization()
    script(protocol, { words: ['{"verse": ', '"The sea"}'], usage: { input: 1_000, output: 1_000 } })
    const output = Output.object({
      schema: jsonSchema<{ verse: string }>({
        type: 'object',
        properties: { verse: { type: 'string' } },
        required: ['verse'],
        additionalProperties: false,
      }),
    })
    const model = metering.model({ organizationId, capability: protocol })
    const result = await call(how, { model, prompt, output: output as never })
    expect(await result.output).toEqual({ verse: 'The sea' })
    expect(await charged(organizationId)).toBeCloseTo(rates[protocol].input + rates[protocol].output, 1)
  })

  test('a tool loop is two holds, keyed step by step, and replays as one', async () => {
    const organizationId = await createOrganization()
    const told = { input: 1_000, output: 1_000 }
    script(
      protocol,
      { toolCall: { name: 'depth', input: { at: 'Bergen' } }, usage: told },
      { words, usage: told },
    )
    const depth = tool({
      inputSchema: jsonSchema<{ at: string }>({
        type: 'object',
        properties: { at: { type: 'string' } },
        required: ['at'],
        additionalProperties: false,
      }),
      execute: ({ at }) => `${at}: deep`,
    })
    const loop = () =>
      call(how, {
        model: metering.model({ organizationId, capability: protocol, idempotencyKey: 'loop' }),
        prompt,
        tools: { depth } as never,
        stopWhen: isStepCount(3),
      })
    const result = await loop()
    expect(await result.text).toBe('The sea is wide.')
    const once = Math.ceil((rates[protocol].input + rates[protocol].output) * 100 - 1e-6) / 100
    const steps = await result.steps
    expect(steps.map((step) => receiptIn(step))).toMatchObject([
      { step: 1, creditsUsed: once },
      { step: 2, totalCreditsUsed: Math.round(once * 200) / 100 },
    ])
    const { rows } = await ledger.database.owner.query<{ key: string }>(
      'select idempotency_key as key from stipend.credit_reservations where organization_id = $1 order by created_at',
      [organizationId],
    )
    expect(rows.map(({ key }) => key)).toEqual(['loop#1', 'loop#2'])
    const again = await loop()
    expect(await again.text).toBe('The sea is wide.')
    expect(server.requests).toHaveLength(2)
  })
})

test.each(ways.filter(([protocol]) => protocol !== 'anthropic'))(
  'usage that %s does not tell (%s) is counted, and marked so',
  async (protocol, how) => {
    const organizationId = await createOrganization()
    script(protocol, { words: Array.from({ length: 200 }, () => 'wave '), usage: null })
    const model = metering.model({ organizationId, capability: protocol })
    const result = await call(how, { model, prompt: 'sea '.repeat(500) })
    const receipt = receiptIn(await result.finalStep)
    const room = protocol === 'openai' ? 1 : 1.35
    expect(receipt?.inputTokens).toBeGreaterThanOrEqual(500)
    expect(receipt?.inputTokens).toBeLessThanOrEqual(540 * room)
    expect(receipt?.outputTokens).toBeGreaterThanOrEqual(200)
    expect(receipt?.outputTokens).toBeLessThanOrEqual(220 * room)
    expect(await lastRow(organizationId)).toMatchObject({ flags: ['estimated'] })
    const { input, output } = rates[protocol]
    const cost = ((receipt?.inputTokens ?? 0) * input + (receipt?.outputTokens ?? 0) * output) / 1_000
    expect(await charged(organizationId)).toBeCloseTo(cost, 1)
  },
)

test('a stream of a compatible server that is not asked for usage is counted, and marked so', async () => {
  const organizationId = await createOrganization()
  const careless = createOpenAICompatible({ name: 'local', baseURL: `${server.url}/local/v1` })
  server.script({ llama: [{ words, usage: null }] })
  const model = wrapLanguageModel({
    model: careless('llama'),
    middleware: metering.meter({ organizationId, capability: 'local' }),
  })
  const result = streamText({ model, prompt })
  expect(await result.text).toBe('The sea is wide.')
  expect(receiptIn(await result.finalStep)).toMatchObject({ model: 'local/llama' })
  expect(await lastRow(organizationId)).toMatchObject({ model: 'llama', flags: ['estimated'] })
})

test('middleware knows the official models by their names, and OpenAI’s by either protocol', async () => {
  const { providersAt } = await import('../../test/wire/server.ts')
  const providers = providersAt(server.url) as Record<Protocol, (name: string) => never>
  for (const protocol of protocols) {
    const organizationId = await createOrganization()
    script(protocol, { words, usage: usageOf[protocol] })
    const model = wrapLanguageModel({
      model: providers[protocol](modelNames[protocol]),
      middleware: metering.meter({ organizationId, capability: protocol }),
    })
    await generateText({ model, prompt })
    expect(await charged(organizationId)).toBe(expected[protocol])
  }
})

test('usage of OpenAI’s chat completions is the same as that of its responses', async () => {
  const organizationId = await createOrganization()
  const openai = createOpenAI({ baseURL: `${server.url}/local/v1`, apiKey: 'not-a-key' })
  const chat = createMetering(engine, { providers: { openai: openai.chat } })
  server.script({ 'gpt-5-mini': [{ words, usage }] })
  await streamText({
    model: chat.model({ organizationId, capability: 'openai' }),
    prompt,
  }).consumeStream()
  expect(await charged(organizationId)).toBe(9.2)
  await chat.close()
})

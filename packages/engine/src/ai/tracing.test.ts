import { createOpenAI } from '@ai-sdk/openai'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { generateText, streamText } from 'ai'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { useCounterparts } from '../../test/counterparts.ts'
import { withRequestId } from '../index.ts'
import { createMetering } from './index.ts'

const { engine, server, metering, createOrganization, charged } = await useCounterparts()

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
trace.setGlobalTracerProvider(provider)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
afterAll(async () => {
  trace.disable()
  context.disable()
  await provider.shutdown()
})
beforeEach(() => exporter.reset())

const prompt = 'What does the lighthouse keeper see?'
const answer = { words: ['The sea ', 'is wide.'], usage: { input: 1_000, output: 500 } }

/** Names of a span and of those below it, in order of their beginning. */
function tree(parent: string | undefined = undefined): unknown[] {
  const startOf = ({ startTime: [seconds, nanos] }: ReadableSpan) => seconds * 1e9 + nanos
  return exporter
    .getFinishedSpans()
    .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)
    .toSorted((a, b) => startOf(a) - startOf(b))
    .map((span) => {
      const below = tree(span.spanContext().spanId)
      return below.length === 0 ? span.name : { [span.name]: below }
    })
}

function spanNamed(name: string): ReadableSpan {
  const found = exporter.getFinishedSpans().find((span) => span.name === name)
  if (found === undefined) throw new Error(`There is no span ${name}.`)
  return found
}

const sdk = (how: string, model: ReturnType<typeof metering.model>) =>
  how === 'generateText'
    ? generateText({ model, prompt }).then(({ text }) => text)
    : Promise.resolve(streamText({ model, prompt }).text)

test.each(['generateText', 'streamText'])(
  'a call that a second model serves is one GenAI span with its reserve, attempts and settle: %s',
  async (how) => {
    const organizationId = await createOrganization()
    server.script({ 'gpt-5-mini': [{ status: 401 }], spare: [answer] })
    const model = metering.model({ organizationId, capability: 'openai', quality: 'enhanced' })
    expect(await withRequestId('req-4711', () => sdk(how, model))).toBe('The sea is wide.')

    expect(tree()).toEqual([
      { 'chat gpt-5-mini': ['stipend.reserve', 'attempt gpt-5-mini', 'attempt spare', 'stipend.settle'] },
    ])
    const call = spanNamed('chat gpt-5-mini')
    expect(call.kind).toBe(SpanKind.CLIENT)
    expect(call.status.code).toBe(SpanStatusCode.UNSET)
    expect(call.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'local',
      'gen_ai.request.model': 'gpt-5-mini',
      'gen_ai.response.model': 'spare',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 1_000,
      'gen_ai.usage.output_tokens': 500,
      'stipend.request.id': 'req-4711',
      'stipend.organization.id': organizationId,
      'stipend.capability': 'openai',
      'stipend.quality': 'enhanced',
      'stipend.outcome': 'served',
      'stipend.attempts': 2,
      'stipend.credits.used': await charged(organizationId),
    })
    const failed = spanNamed('attempt gpt-5-mini')
    expect(failed.status.code).toBe(SpanStatusCode.ERROR)
    expect(failed.attributes).toMatchObject({
      'http.response.status_code': 401,
      'gen_ai.provider.name': 'openai',
      'stipend.provider': 'openai',
    })
    const reservationId = call.attributes['stipend.reservation.id']
    for (const name of ['stipend.reserve', 'stipend.settle']) {
      expect(spanNamed(name).attributes).toMatchObject({
        'stipend.request.id': 'req-4711',
        'stipend.reservation.id': reservationId,
      })
    }
  },
)

test('no span has a word of the prompt or the answer', async () => {
  const organizationId = await createOrganization()
  server.script({ 'gpt-5-mini': [answer] })
  await sdk('generateText', metering.model({ organizationId, capability: 'openai' }))
  const all = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events }) => ({ name, attributes, events }))
  expect(all.length).toBeGreaterThan(3)
  expect(JSON.stringify(all)).not.toMatch(/lighthouse|wide/)
})

test('a call that no model answers is an error, a refusal is not', async () => {
  const organizationId = await createOrganization()
  server.script({ 'gpt-5-mini': [{ status: 401 }] })
  await sdk('generateText', metering.model({ organizationId, capability: 'openai' })).catch(() => undefined)
  const failed = spanNamed('chat gpt-5-mini')
  expect([failed.status.code, failed.attributes['stipend.outcome']]).toEqual([SpanStatusCode.ERROR, 'failed'])
  expect(spanNamed('stipend.release').parentSpanContext?.spanId).toBe(failed.spanContext().spanId)

  exporter.reset()
  const unknown = metering.model({ organizationId: 'nobody', capability: 'openai' })
  await sdk('generateText', unknown).catch(() => undefined)
  expect(tree()).toEqual([{ chat: ['stipend.reserve'] }])
  for (const { status, attributes } of exporter.getFinishedSpans()) {
    expect([status.code, attributes['stipend.refusal']]).toEqual([
      SpanStatusCode.UNSET,
      'organization_not_found',
    ])
  }
})

test.each(['generateText', 'streamText'])(
  'the host’s own span is the parent, and what a provider’s client traces is a child of the attempt: %s',
  async (how) => {
    const organizationId = await createOrganization()
    server.script({ 'gpt-5-mini': [answer] })
    const host = trace.getTracer('host')
    const tracedFetch: typeof fetch = (...request) =>
      host.startActiveSpan('POST', (span) => fetch(...request).finally(() => span.end()))
    const traced = createMetering(engine, {
      providers: {
        openai: createOpenAI({ baseURL: `${server.url}/openai/v1`, apiKey: 'not-a-key', fetch: tracedFetch }),
      },
    })
    await host.startActiveSpan('host', async (span) => {
      await sdk(how, traced.model({ organizationId, capability: 'openai' }))
      span.end()
    })
    await traced.close(0)
    const children = ['stipend.reserve', { 'attempt gpt-5-mini': ['POST'] }, 'stipend.settle']
    expect(tree()).toEqual([{ host: [{ 'chat gpt-5-mini': children }] }])
  },
)

test('a hold without a model call has its spans too', async () => {
  const organizationId = await createOrganization()
  const { id } = await engine.reserveCredits({ organizationId, capability: 'openai' })
  await engine.releaseCredits({ organizationId, reservationId: id })
  expect(tree()).toEqual(['stipend.reserve', 'stipend.release'])
})

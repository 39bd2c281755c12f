import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { streamText } from 'ai'
import { describe, expect, test } from 'vitest'
import { modelNames, rates, useCounterparts } from '../../test/counterparts.ts'
import { protocols } from '../../test/wire/answer.ts'

const { ledger, server, metering, createOrganization, lastRow, charged } = await useCounterparts()

const prompt = 'sea '.repeat(1_000)
const words = Array.from({ length: 100 }, () => 'wave ')
const usage = { input: 1_000, cached: 400, output: 200 }
/** A thousand at once take a while. */
const unhurried = { totalMs: 30_000, firstChunkMs: 30_000, chunkMs: 30_000, idleReaderMs: 30_000 }

/** The end of a request at the server, and how the client went. */
async function endOf(index = 0) {
  await expect.poll(() => server.requests.length).toBeGreaterThan(index)
  const request = server.requests[index]
  await request?.closed
  return request
}

describe.each(protocols)('%s', (protocol) => {
  const { input, cached, output } = rates[protocol]
  /** Rounded up to 0.01. */
  const exact = Math.ceil((600 * input + 400 * cached + 200 * output) / 10 - 1e-9) / 100
  const isDrained = protocol === 'google'

  test('a caller who aborts between the words pays for what was produced', async () => {
    const organizationId = await createOrganization()
    server.script({ [modelNames[protocol]]: [{ words, usage, everyMs: 10 }] })
    const leave = new AbortController()
    const model = metering.model({ organizationId, capability: protocol })
    const result = streamText({ model, prompt, abortSignal: leave.signal })
    let seen = 0
    const before = performance.now()
    let leftAt = 0
    for await (const _ of result.textStream) {
      seen += 1
      if (seen === 30) {
        leave.abort()
        leftAt = performance.now()
      }
    }
    expect(performance.now() - leftAt).toBeLessThan(200)
    expect(leftAt).toBeGreaterThan(before)
    const request = await endOf()
    await expect.poll(() => lastRow(organizationId)).toMatchObject({ type: 'ai_consumption' })
    const row = await lastRow(organizationId)
    expect(row?.providerMetadata).toMatchObject({ outcome: 'partial', attempts: [{ outcome: 'partial' }] })
    if (isDrained) {
      expect(request).toMatchObject({ isLeft: false, wordsWritten: 100 })
      expect(row?.flags).toEqual(['partial'])
      expect(await charged(organizationId)).toBeCloseTo(exact, 2)
      return
    }
    expect(request).toMatchObject({ isLeft: true })
    const written = request?.wordsWritten ?? 0
    expect(written).toBeGreaterThanOrEqual(30)
    expect(written).toBeLessThan(60)
    expect(row?.flags).toEqual(['partial', 'estimated'])
    const counted = (await charged(organizationId)) * 1_000
    const ofInput =
      protocol === 'anthropic'
        ? 600 * input + 400 * cached
        : 1_010 * input * (protocol === 'local' ? 1.35 : 1)
    const room = protocol === 'openai' ? 1 : 1.35
    expect((counted - ofInput) / output).toBeGreaterThan((written - 6) * 1)
    expect((counted - ofInput) / output).toBeLessThan((written + 6) * room)
  })

  test('a caller who aborts before the first words pays the input', async () => {
    const organizationId = await createOrganization()
    server.script({ [modelNames[protocol]]: [{ words, usage, everyMs: 5, startMs: 120 }] })
    const leave = new AbortController()
    const model = metering.model({ organizationId, capability: protocol })
    const errors: unknown[] = []
    const result = streamText({
      model,
      prompt,
      abortSignal: leave.signal,
      onError: ({ error }) => errors.push(error),
    })
    const reading = result.consumeStream({ onError: () => undefined })
    await expect.poll(() => server.requests.length).toBe(1)
    await sleep(30)
    leave.abort()
    await reading
    const request = await endOf()
    await expect.poll(() => lastRow(organizationId)).toMatchObject({ type: 'ai_consumption' })
    const row = await lastRow(organizationId)
    if (isDrained) {
      expect(request).toMatchObject({ isLeft: false, wordsWritten: 100 })
      expect(row?.flags).toEqual(['partial'])
      expect(await charged(organizationId)).toBeCloseTo(exact, 2)
      return
    }
    expect(request).toMatchObject({ isLeft: true, wordsWritten: 0 })
    expect(row?.flags).toEqual(['partial', 'estimated'])
    const cost = (await charged(organizationId)) * 1_000
    if (protocol === 'anthropic') expect(cost).toBeCloseTo(600 * input + 400 * cached, -2)
    else expect(cost / input).toBeGreaterThan(990)
    expect(cost / input).toBeLessThan(1_400)
  })

  test('a caller who aborts before the headers pays the input; Google is read to its end', async () => {
    const organizationId = await createOrganization()
    server.script({ [modelNames[protocol]]: [{ words, usage, headersMs: 150 }] })
    const leave = new AbortController()
    const model = metering.model({ organizationId, capability: protocol })
    const result = streamText({ model, prompt, abortSignal: leave.signal, onError: () => undefined })
    const reading = result.consumeStream({ onError: () => undefined })
    await expect.poll(() => server.requests.length).toBe(1)
    leave.abort()
    const before = performance.now()
    await reading
    expect(performance.now() - before).toBeLessThan(120)
    const request = await endOf()
    await expect.poll(() => lastRow(organizationId)).toMatchObject({ type: 'ai_consumption' })
    expect(request?.isLeft).toBe(!isDrained)
    if (isDrained) expect(await charged(organizationId)).toBeCloseTo(exact, 2)
    else expect((await lastRow(organizationId))?.flags).toEqual(['partial', 'estimated'])
  })

  test('what had come and was not read is charged, where the reader just stops', async () => {
    const organizationId = await createOrganization()
    server.script({ [modelNames[protocol]]: [{ words, usage }] })
    const model = metering.model({ organizationId, capability: protocol })
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
    })
    await stream.getReader().read()
    await expect.poll(() => lastRow(organizationId), { timeout: 3_000 }).toMatchObject({ flags: ['partial'] })
    expect(await charged(organizationId)).toBeCloseTo(exact, 2)
  })

  test('a reader that cancels while a part is on its way, and while it is settled', async () => {
    for (const pause of [0, 5, 20]) {
      const organizationId = await createOrganization()
      server.script({ [modelNames[protocol]]: [{ words: words.slice(0, 3), usage, everyMs: 10 }] })
      const model = metering.model({ organizationId, capability: protocol })
      const { stream } = await model.doStream({
        prompt: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
      })
      const reader = stream.getReader()
      await reader.read()
      const readings = Array.from({ length: 12 }, () => reader.read())
      await sleep(pause)
      await reader.cancel()
      await Promise.all(readings)
      expect(await charged(organizationId)).toBeGreaterThan(0)
    }
  })
})

test('a thousand streams under one signal leave no listener, no timer and no call behind', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const organizationId = await ledger.createOrganization('payg', 100_000)
  const answer = { words: words.slice(0, 3), usage: { input: 10, output: 3 } }
  server.script({ llama: Array.from({ length: 1_000 }, () => answer) })
  const leave = new AbortController()
  const open = async () => {
    const model = metering.model({ organizationId, capability: 'local', timeouts: unhurried })
    const result = streamText({ model, prompt: 'Hi', abortSignal: leave.signal })
    return await result.text
  }
  for (let round = 0; round < 10; round += 1) {
    const texts = await Promise.all(Array.from({ length: 100 }, open))
    expect(new Set(texts)).toEqual(new Set(['wave wave wave ']))
  }
  expect(getEventListeners(leave.signal, 'abort')).toEqual([])
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThan(20)
  await sleep(10)
  expect(warnings).toEqual([])
  process.off('warning', note)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
}, 60_000)

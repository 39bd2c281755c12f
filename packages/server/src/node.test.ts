import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorOf } from '@stipend/engine'
import { afterAll, expect, test } from 'vitest'
import { sendProblem, toNodeHandler } from './node.ts'
import { createTestApi } from './test-support/api.ts'

const api = await createTestApi({ basePath: '/api/stipend' })
afterAll(() => api[Symbol.asyncDispose]())

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

test.each([
  ['/api/stipend/credits/balance', 200],
  ['/credits/balance', 200],
  ['/api/stipendious/credits/balance', 404],
  ['/api/stipend', 404],
])('below a base path %s is answered %i', async (path, status) => {
  expect((await api.call('GET', path)).status).toBe(status)
})

test('Node’s http server passes bodies and headers through, the globals stay as they are', async () => {
  const { Request: before } = globalThis
  await using server = await serve(toNodeHandler(api.stipend.fetch))
  const response = await fetch(`${server.url}/api/stipend/ai/access-check`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ capability: 'reply' }),
  })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ capability: 'reply' })
  expect(globalThis.Request).toBe(before)
})

test('a body that was read before is said to be, instead of an answer to no body', async () => {
  const handler = toNodeHandler(api.stipend.fetch)
  await using server = await serve(async (incoming, outgoing) => {
    for await (const _ of incoming);
    const error = await handler(incoming, outgoing).catch((thrown: unknown) => thrown)
    outgoing.end(String(error))
  })
  const response = await fetch(`${server.url}/api/stipend/reservations`, { method: 'POST', body: '{}' })
  expect(await response.text()).toContain('mount stipend.fetch before express.json()')
})

test('an error handler answers a refusal with its status and anything else without its inside', async () => {
  const thrown = [errorOf('rate_limited', { retryAfterMs: 1_500 }), new Error('the password is kettle')]
  await using server = await serve((_, outgoing) => void sendProblem(outgoing, thrown.shift()))
  const refusal = await fetch(server.url)
  expect(refusal.status).toBe(429)
  expect(refusal.headers.get('retry-after')).toBe('2')
  expect(await refusal.json()).toMatchObject({ code: 'rate_limited', requestId: expect.any(String) })
  const failure = await fetch(server.url)
  expect(failure.status).toBe(500)
  expect(await failure.text()).not.toContain('kettle')
})

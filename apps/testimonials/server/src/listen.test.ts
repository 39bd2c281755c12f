import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Listener, listen } from './listen.ts'
import { startTestProduct, type TestProduct } from './test-support/product.ts'

let product: TestProduct
let listener: Listener
let port: number
beforeAll(async () => {
  product = await startTestProduct({ providers: {} })
  listener = await listen({
    host: '127.0.0.1',
    port: 0,
    limits: { headersTimeoutMs: 300, requestTimeoutMs: 700, checkEveryMs: 20, maxConnections: 4 },
  })
  listener.serve(product.testimonials.fetch)
  port = Number(new URL(listener.url).port)
})
afterAll(async () => {
  await listener.close()
  await product[Symbol.asyncDispose]()
})

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Sends a byte every 50 ms until the server has closed; what it said, and after how long. */
async function drip(head: string, rest: string): Promise<{ answer: string; afterMs: number }> {
  const socket = await open()
  const startedAt = performance.now()
  socket.write(head)
  let answer = ''
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString()
  })
  let isOpen = true
  // Not `once`, which rejects where the last byte meets a connection that is closed already.
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isOpen = false
      resolve()
    })
  })
  for (const byte of rest) {
    if (!isOpen) break
    socket.write(byte)
    await sleep(50)
  }
  await closed
  return { answer, afterMs: performance.now() - startedAt }
}

const nobody = 'a'.repeat(200)

describe('a slow client', () => {
  it('that drips its headers is told so and closed', async () => {
    const { answer, afterMs } = await drip('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', nobody)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(afterMs).toBeGreaterThan(250)
    expect(afterMs).toBeLessThan(3_000)
  })

  it('that drips its body is closed, and it is no failure of ours', async () => {
    const key = await product.organization('slow', 'pro')
    const before = product.log().length
    const { answer, afterMs } = await drip(
      `POST /ai/polish-testimonial HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"text": "',
      nobody,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(afterMs).toBeGreaterThan(600)
    expect(afterMs).toBeLessThan(3_000)
    await sleep(50)
    expect(product.log().slice(before)).not.toContain('request failed')
  })

  it('that sends nothing at all is closed', async () => {
    const socket = await open()
    const startedAt = performance.now()
    await text(socket)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })
})

describe('too much', () => {
  it('of headers is refused with 431', async () => {
    const socket = await open()
    socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('of a body is refused with 413, told or not how long it is', async () => {
    const key = await product.organization('large', 'pro')
    const large = `{"text": "${'x'.repeat(1_100_000)}"}`
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const told = await fetch(`${product.url}/ai/polish-testimonial`, { method: 'POST', headers, body: large })
    expect([told.status, ((await told.json()) as { code: string }).code]).toEqual([413, 'payload_too_large'])
    const untold = await fetch(`${product.url}/ai/polish-testimonial`, {
      method: 'POST',
      headers,
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(untold.status).toBe(413)
  })

  it('of connections at once: one more is closed, the others are answered', async () => {
    const sockets = [await open(), await open(), await open(), await open()]
    const extra = await open()
    await once(extra, 'close')
    for (const socket of sockets)
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    for (const socket of sockets) expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

it('who comes before there is anything to serve is told to come again', async () => {
  const starting = await listen({ host: '127.0.0.1', port: 0 })
  const early = await fetch(`${starting.url}/healthz`)
  expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await early.json()).toMatchObject({ code: 'overloaded', retryable: true })
  starting.serve(product.testimonials.fetch)
  expect((await fetch(`${starting.url}/healthz`)).status).toBe(200)
  await starting.close()
})

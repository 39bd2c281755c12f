import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'

export interface ReceivedRequest {
  path: string
  headers: Record<string, string>
  body: string
  at: number
}

/** An HTTP server on loopback that keeps what it is given. */
export interface Receiver extends AsyncDisposable {
  url: string
  requests: ReceivedRequest[]
  /** What it answers with from now on, after `delayMs`. */
  answer(
    status: number,
    options?: { delayMs?: number; headers?: Record<string, string>; body?: string },
  ): void
}

export async function startReceiver(): Promise<Receiver> {
  const requests: ReceivedRequest[] = []
  let answer: { status: number; delayMs: number; headers: Record<string, string>; body: string } = {
    status: 204,
    delayMs: 0,
    headers: {},
    body: '',
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      requests.push({
        path: request.url ?? '',
        headers: plain(request.headers),
        body: Buffer.concat(chunks).toString(),
        at: Date.now(),
      })
      const { status, delayMs, headers, body } = answer
      setTimeout(() => response.writeHead(status, headers).end(body), delayMs)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer: (status, { delayMs = 0, headers = {}, body = '' } = {}) => {
      answer = { status, delayMs, headers, body }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { errorOf } from '@stipend/engine'
import { problemResponse } from '@stipend/server'
import { StartError } from './start-error.ts'

/** An HTTP server that listens. */
export interface Listener {
  /** What it is called by: known before there is anything to serve. */
  url: string
  /** Hands every request to that handler; until then they are told to come again. */
  serve(fetch: Fetch): void
  /** Accepts nothing more, resolves when what runs is answered. */
  close(): Promise<void>
}

/** What is known of a request beside itself. */
export interface Connection {
  /** Of the socket's other end: the client, or a proxy before the server. */
  remoteAddress?: string | undefined
}

/** What one client may take of the server's time and memory. */
export interface ConnectionLimits {
  /** For all headers of a request, from its first byte. */
  headersTimeoutMs: number
  /** For the whole request with its body. What the answer takes is not limited: streams are long. */
  requestTimeoutMs: number
  /** Of an idle connection between two requests. */
  keepAliveTimeoutMs: number
  /** How often the times above are looked at. */
  checkEveryMs: number
  /** Of a request's line and headers together; more is refused with 431. */
  maxHeaderBytes: number
  /** At once; one more is closed as soon as it is accepted. */
  maxConnections: number
}

const defaultLimits: ConnectionLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 5_000,
  checkEveryMs: 1_000,
  maxHeaderBytes: 16_384,
  maxConnections: 10_000,
}

export type Fetch = (request: Request, connection: Connection) => Promise<Response>

const starting: Fetch = async () => problemResponse(errorOf('overloaded', { retryAfterMs: 1_000 }))

/** Listens. Port 0 takes a free one. @throws StartError where the port is taken or not allowed. */
export async function listen({
  host,
  port,
  limits,
}: {
  host: string
  port: number
  limits?: Partial<ConnectionLimits> | undefined
}): Promise<Listener> {
  const given = { ...defaultLimits, ...limits }
  let fetch = starting
  const server = createAdaptorServer({
    fetch: (request, { incoming }) => fetch(request, { remoteAddress: incoming.socket.remoteAddress }),
    serverOptions: {
      headersTimeout: given.headersTimeoutMs,
      requestTimeout: given.requestTimeoutMs,
      keepAliveTimeout: given.keepAliveTimeoutMs,
      connectionsCheckingInterval: given.checkEveryMs,
      maxHeaderSize: given.maxHeaderBytes,
    },
  }) as Server
  server.maxConnections = given.maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)))
    server.listen(port, host, resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    serve: (handler) => {
      fetch = handler
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        `Port ${port} on ${host} is taken by another program. Choose another one: PORT=${port + 1} npm start`,
      )
    case 'EACCES':
      return new StartError(
        `Port ${port} is not allowed for this user. Choose one above 1023: PORT=3000 npm start`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(`HOST=${host} is no address of this machine. The default is 127.0.0.1.`)
    default:
      return error
  }
}

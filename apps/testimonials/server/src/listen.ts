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

export type Fetch = (request: Request, connection: Connection) => Promise<Response>

const starting: Fetch = async () => problemResponse(errorOf('overloaded', { retryAfterMs: 1_000 }))

/** Listens. Port 0 takes a free one. @throws StartError where the port is taken or not allowed. */
export async function listen({ host, port }: { host: string; port: number }): Promise<Listener> {
  let fetch = starting
  const server = createAdaptorServer({
    fetch: (request, { incoming }) => fetch(request, { remoteAddress: incoming.socket.remoteAddress }),
  }) as Server
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

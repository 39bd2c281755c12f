import { createServer, type Server } from 'node:http'
import { errorOf } from '@stipend/engine'
import { problemResponse } from '../problem.ts'
import { isBearer } from '../routes/metrics.ts'
import type { Metrics } from './metrics.ts'

export interface MetricsServerOptions {
  metrics: Metrics
  /** Default 127.0.0.1. */
  host?: string | undefined
  /** 0 takes a free one. */
  port: number
  /** null: whoever reaches the port may read. */
  token: string | null
}

export interface MetricsServer {
  url: string
  close(): Promise<void>
}

/** Serves `GET /metrics`, and `GET /healthz`, of a process that has no other HTTP server. @throws where the port is taken */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host = '127.0.0.1', port, metrics, token } = options
  const server = createServer((request, response) => {
    void answer(request.url ?? '', request.headers.authorization).then(async (answered) => {
      response.writeHead(answered.status, Object.fromEntries(answered.headers))
      response.end(request.method === 'HEAD' ? undefined : await answered.text())
    })
  })
  server.requestTimeout = 10_000
  server.headersTimeout = 5_000
  const answer = async (url: string, authorization: string | undefined): Promise<Response> => {
    const { pathname } = new URL(url, 'http://localhost')
    if (pathname === '/healthz') return Response.json({ status: 'ok' })
    if (pathname !== '/metrics') return problemResponse(errorOf('not_found'))
    if (token !== null && !isBearer(authorization, token)) return problemResponse(errorOf('unauthenticated'))
    const { contentType, body } = await metrics.text()
    return new Response(body, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } })
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort(server)}`,
    close: closing(server),
  }
}

function boundPort(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const closing = (server: Server) => () =>
  new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

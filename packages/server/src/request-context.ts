import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { StipendEnv, StipendVariables } from './context.ts'

const wellFormedId = /^[\w.:-]{1,128}$/

/** Headers of every answer; a route may set its own policy (the documentation page does). */
const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
}

type Given = Pick<StipendVariables, 'engine' | 'database' | 'identify' | 'verifyToken' | 'logger'>

/** First of all middleware: the request id, what handlers need, headers of the answer, one log line per request. */
export function requestContext(given: Given): MiddlewareHandler<StipendEnv> {
  return async (c, next) => {
    const startedAt = performance.now()
    const named = c.req.header('x-request-id')
    const requestId = named !== undefined && wellFormedId.test(named) ? named : randomUUID()
    c.set('requestId', requestId)
    c.set('engine', given.engine)
    c.set('database', given.database)
    c.set('identify', given.identify)
    c.set('verifyToken', given.verifyToken)
    c.set('logger', given.logger)
    await next()
    c.header('X-Request-Id', requestId)
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!c.res.headers.has(name)) c.header(name, value)
    }
    const path = routePath(c, -1)
    given.logger?.info(
      {
        requestId,
        method: c.req.method,
        route: path.endsWith('*') ? 'unmatched' : path,
        status: c.res.status,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
      },
      'request',
    )
  }
}

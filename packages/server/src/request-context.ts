import { randomUUID } from 'node:crypto'
import { withRequestId } from '@stipend/engine'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { StipendEnv, StipendVariables } from './context.ts'
import type { Metrics } from './metrics/metrics.ts'
import { stipendErrorOf } from './problem.ts'

const wellFormedId = /^[\w.:-]{1,128}$/

/** What a page made of an answer might ask for: none of it. */
const refusedFeatures = [
  'accelerometer',
  'autoplay',
  'camera',
  'clipboard-read',
  'display-capture',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'usb',
  'xr-spatial-tracking',
]

/** Headers of every answer; a route may set its own policy (the documentation page does). */
const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': refusedFeatures.map((feature) => `${feature}=()`).join(', '),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
}

/** For a year, this host alone: what stands beside it is not Stipend's to decide. */
const strictTransport = 'max-age=31536000'

type Given = Pick<StipendVariables, 'engine' | 'database' | 'identify' | 'verifyToken' | 'logger'> & {
  metrics: Metrics | undefined
}

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
    await withRequestId(requestId, next)
    c.header('X-Request-Id', requestId)
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!c.res.headers.has(name)) c.header(name, value)
    }
    if (isHttps(c.req.raw)) c.header('Strict-Transport-Security', strictTransport)
    const path = routePath(c, -1)
    const { method } = c.req
    const { status } = c.res
    const route = path.endsWith('*') ? 'unmatched' : path
    const ms = Math.round((performance.now() - startedAt) * 10) / 10
    const code = c.error === undefined ? null : stipendErrorOf(c.error).code
    given.logger?.info({ requestId, method, route, status, ms }, 'request')
    given.metrics?.onHttp({ method, route, status, ms, code })
  }
}

/** Also behind a proxy that ends TLS. A client that pretends changes nothing: browsers heed the answer over TLS alone. */
function isHttps(request: Request): boolean {
  return request.url.startsWith('https:') || request.headers.get('x-forwarded-proto') === 'https'
}

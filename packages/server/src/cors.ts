import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

/**
 * CORS for the pages of these origins alone, with the browser's credentials. Preflights of others are answered without
 * a word of permission.
 * @throws TypeError for what is no origin: there is no `*` with credentials.
 */
export function corsFor(allowedOrigins: readonly string[]): MiddlewareHandler {
  for (const origin of allowedOrigins) requireOrigin(origin)
  return cors({
    origin: (origin) => (allowedOrigins.includes(origin) ? origin : null),
    credentials: true,
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: [
      'Accept',
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'Stipend-Organization',
      'X-Hasura-Role',
      'X-Request-Id',
    ],
    exposeHeaders: [
      'Idempotency-Replayed',
      'Retry-After',
      'X-Balance-Remaining',
      'X-Credits-Used',
      'X-Request-Id',
    ],
    maxAge: 600,
  })
}

/** @throws TypeError for anything but `https://host` or `http://host:port`, as a browser's Origin header has it */
function requireOrigin(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && ['http:', 'https:'].includes(url.protocol) && url.origin === text) return
  throw new TypeError(`${JSON.stringify(text)} is no origin: give one such as https://app.example.com.`)
}

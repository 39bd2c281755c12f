import { Hono } from 'hono'
import { cors } from 'hono/cors'
import type { Connection } from '../listen.ts'

type Handler = (request: Request, connection?: Connection) => Promise<Response>

/**
 * Forms stand on pages of any origin, which may read every answer below /public: refusals and failures too. Never with
 * credentials of the browser's.
 */
export function withPublicCors(handler: Handler): Handler {
  const outer = new Hono<{ Bindings: Connection }>()
  outer.use(
    '/public/*',
    cors({
      origin: '*',
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key'],
      exposeHeaders: ['Retry-After', 'X-Request-Id'],
      maxAge: 600,
    }),
    async (c, next) => {
      await next()
      c.header('Cross-Origin-Resource-Policy', 'cross-origin')
      // Said to a listed origin further in: never beside `*`.
      c.header('Access-Control-Allow-Credentials', undefined)
    },
  )
  outer.all('*', (c) => handler(c.req.raw, c.env))
  return async (request, connection) => outer.fetch(request, connection)
}

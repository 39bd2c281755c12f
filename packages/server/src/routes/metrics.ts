import { hash, timingSafeEqual } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { errorOf } from '@stipend/engine'
import type { Metrics } from '../metrics/metrics.ts'
import { createRouter } from '../router.ts'
import { refusals } from '../schemas.ts'

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Health'],
  summary: 'Metrics in the text format of Prometheus',
  description:
    'Off (404) unless the host has set a token for it; then `Authorization: Bearer` with that token, which is no API key.',
  responses: {
    200: { content: { 'text/plain': { schema: z.string() } }, description: 'Metrics of this process' },
    ...refusals,
  },
})

/** For Prometheus. `token` null: whoever reaches the route may read it. */
export function metricsRoutes(given: { metrics: Metrics; token: string | null } | undefined) {
  const router = createRouter()
  router.openapi(metricsRoute, async (c) => {
    if (given === undefined) {
      const message = 'Metrics are off: the server has no token for them, see createStipend({ metrics }).'
      throw errorOf('not_found', { message })
    }
    if (given.token !== null && !isBearer(c.req.header('authorization'), given.token)) {
      throw errorOf('unauthenticated', { message: 'Give the token for metrics as Authorization: Bearer.' })
    }
    const { contentType, body } = await given.metrics.text()
    return c.text(body, 200, { 'Content-Type': contentType })
  })
  return router
}

/** Whether a text can be a token for metrics: 16 characters or more that a header can carry, without blanks. */
export function isMetricsToken(text: string): boolean {
  return /^[\x21-\x7e]{16,}$/.test(text)
}

/** In the same time whatever is given. */
export function isBearer(header: string | undefined, token: string): boolean {
  const [, presented = ''] = /^bearer +(\S+) *$/i.exec(header ?? '') ?? []
  const digest = (text: string) => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(presented), digest(token))
}

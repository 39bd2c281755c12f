import { errorOf } from '@stipend/engine'
import type { Context, MiddlewareHandler } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { StipendEnv } from './context.ts'
import { problemResponse } from './problem.ts'
import { jobsSecretHeader } from './routes/jobs.ts'

/** What counts as one sender, such as an IPv4 address or an IPv6 /64; null: unknown. */
export type ClientAddress = (request: Request, env: unknown) => string | null

const windowSeconds = 60

/**
 * Answers 429 instead of 401 to a sender whose keys and tokens have been wrong too often in a minute. A good key is
 * never held up, whoever has sent wrong ones from the same address. Counted in this process's memory.
 */
export function throttleWrongCredentials(
  clientAddress: ClientAddress,
  perMinute: number,
): MiddlewareHandler<StipendEnv> {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: windowSeconds })
  return async (c, next) => {
    await next()
    if (c.res.status !== 401 || !hasCredentials(c)) return
    const address = clientAddress(c.req.raw, c.env)
    if (address === null) return
    const retryAfterMs = await limiter.consume(address).then(
      () => null,
      (refused: unknown) => (refused instanceof RateLimiterRes ? refused.msBeforeNext : null),
    )
    if (retryAfterMs === null) return
    c.res = undefined
    c.res = problemResponse(errorOf('too_many_attempts', { retryAfterMs }), c.var.requestId)
  }
}

/** Who sends none is told to; that is no attempt. */
function hasCredentials(c: Context): boolean {
  return ['authorization', jobsSecretHeader].some((name) => (c.req.header(name) ?? '').trim() !== '')
}

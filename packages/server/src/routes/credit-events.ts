import { createRoute, z } from '@hono/zod-openapi'
import { streamSSE } from 'hono/streaming'
import { organizationIdOf } from '../context.ts'
import type { BalanceEvent, LiveBalances } from '../live-balance.ts'
import { protectedRoute } from '../principal.ts'
import { createRouter } from '../router.ts'
import { refusals } from '../schemas.ts'
import type { balanceJson } from './credits.ts'

export interface CreditEventOptions {
  liveBalances: LiveBalances<ReturnType<typeof balanceJson>>
  /** Between two comments that keep proxies from closing a quiet connection. Default 15 s. */
  heartbeatMs?: number | undefined
  /** A stream ends after it, so that who reconnects is checked again. Default 10 minutes. */
  maxAgeMs?: number | undefined
}

const eventsRoute = createRoute({
  method: 'get',
  path: '/credits/events',
  summary: 'The live balance as server-sent events',
  tags: ['Credits'],
  ...protectedRoute('GET /credits/events'),
  responses: {
    200: {
      description:
        'Events `balance` with the answer of GET /credits/balance, at once and whenever it changes. The stream ends ' +
        'after 10 minutes and when the server stops: connect again.',
      content: {
        'text/event-stream': {
          schema: z.string().openapi({ example: 'event: balance\nid: x0\ndata: {"balance":19.25}\n\n' }),
        },
      },
    },
    ...refusals,
  },
})

/** The live balance. */
export function creditEventRoutes({ liveBalances, heartbeatMs, maxAgeMs }: CreditEventOptions) {
  const router = createRouter()
  router.openapi(eventsRoute, async (c) => {
    const organizationId = organizationIdOf(c)
    // Read before the answer begins, so that a refusal has its status.
    const first = await liveBalances.current(organizationId)
    c.header('X-Accel-Buffering', 'no')
    return streamSSE(c, async (stream) => {
      const inbox = new LatestBalance(first)
      const unsubscribe = liveBalances.subscribe(organizationId, first, (event) => inbox.put(event))
      const end = setTimeout(() => inbox.put(null), maxAgeMs ?? 600_000)
      stream.onAbort(() => inbox.put(null))
      try {
        while (!inbox.isEnded) {
          const event = inbox.take()
          if (event === null) await stream.write(': still here\n\n')
          else await stream.writeSSE({ event: 'balance', ...event })
          await inbox.wait(heartbeatMs ?? 15_000)
        }
      } finally {
        clearTimeout(end)
        unsubscribe()
      }
    })
  })
  return router
}

/** What a slow reader has missed is only its last balance. */
class LatestBalance {
  isEnded = false
  #latest: BalanceEvent | null
  #wake: (() => void) | null = null

  constructor(first: BalanceEvent) {
    this.#latest = first
  }

  put(event: BalanceEvent | null): void {
    if (event === null) this.isEnded = true
    else this.#latest = event
    this.#wake?.()
  }

  take(): BalanceEvent | null {
    const latest = this.#latest
    this.#latest = null
    return latest
  }

  /** Until there is something to take, the end, or the time is over. */
  async wait(ms: number): Promise<void> {
    if (this.isEnded || this.#latest !== null) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
    this.#wake = null
  }
}

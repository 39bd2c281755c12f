import { type Credits, formatCredits } from '@stipend/engine'
import type { Context } from 'hono'

/** Sets X-Credits-Used and X-Balance-Remaining, in credits, on an answer that charged. */
export function setCreditHeaders(
  c: Context,
  charge: { creditsUsed: Credits; balanceRemaining: Credits },
): void {
  c.header('X-Credits-Used', formatCredits(charge.creditsUsed))
  c.header('X-Balance-Remaining', formatCredits(charge.balanceRemaining))
}

import { type Credits, formatCredits } from '@stipend/engine'
import type { Context } from 'hono'

/**
 * Sets X-Credits-Used and X-Balance-Remaining, in credits, on an answer that charged, and Idempotency-Replayed on one
 * that is told again.
 */
export function setCreditHeaders(
  c: Context,
  charge: { creditsUsed: Credits; balanceRemaining: Credits; isReplay?: boolean },
): void {
  c.header('X-Credits-Used', formatCredits(charge.creditsUsed))
  c.header('X-Balance-Remaining', formatCredits(charge.balanceRemaining))
  setReplayedHeader(c, charge)
}

/** Sets Idempotency-Replayed on an answer that is told again. */
export function setReplayedHeader(c: Context, { isReplay = false }: { isReplay?: boolean }): void {
  if (isReplay) c.header('Idempotency-Replayed', 'true')
}

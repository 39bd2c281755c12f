/** How long a metered call may take, in milliseconds. */
export interface Timeouts {
  /** The whole call, with every model that is tried. Default 120,000. */
  totalMs: number
  /** One model's answer where it is not streamed. Default 60,000. */
  attemptMs: number
  /** Until the first words of a stream. Default 30,000. */
  firstChunkMs: number
  /** Between two parts of a stream. Default 30,000. */
  chunkMs: number
  /** A reader that asks for nothing for so long has left. Default 60,000. */
  idleReaderMs: number
  /** How long the answer for a caller who left is read on where the provider bills it anyway. Default 30,000. */
  drainMs: number
}

export const defaultTimeouts: Timeouts = {
  totalMs: 120_000,
  attemptMs: 60_000,
  firstChunkMs: 30_000,
  chunkMs: 30_000,
  idleReaderMs: 60_000,
  drainMs: 30_000,
}

/** A signal of its own for one call. */
export interface CallSignal {
  readonly signal: AbortSignal
  /** The call has ended: nothing waits for it any more. */
  end(): void
}

/**
 * Aborts with the first of `signals`, or after `ms`. In place of AbortSignal.any and AbortSignal.timeout, which stay
 * until the time is over, however early the call ended.
 */
export function callSignal(ms: number, signals: readonly (AbortSignal | undefined)[]): CallSignal {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(new DOMException('took too long', 'TimeoutError')),
    ms,
  ).unref()
  const given = signals.filter((signal) => signal !== undefined)
  const abort = () => controller.abort(given.find(({ aborted }) => aborted)?.reason)
  for (const signal of given) signal.addEventListener('abort', abort, { once: true })
  if (given.some(({ aborted }) => aborted)) abort()
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      for (const signal of given) signal.removeEventListener('abort', abort)
    },
  }
}

/** What `promise` gives, unless it takes longer or `signal` aborts: then the reason is thrown. */
export async function within<Value>(
  promise: PromiseLike<Value>,
  ms: number,
  signal?: AbortSignal,
): Promise<Value> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(() => limit.reject(new DOMException('took too long', 'TimeoutError')), ms)
  const abort = () => limit.reject(signal?.reason ?? new DOMException('aborted', 'AbortError'))
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, limit.promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

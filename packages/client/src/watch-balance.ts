import type { CreditBalance } from './api.generated.ts'
import { isObject, jsonOrNull, problemIn, type StipendProblem, unreachable } from './problem.ts'
import { serverSentEvents } from './server-sent-events.ts'

export interface WatchBalanceOptions {
  onBalance(balance: CreditBalance): void
  /** The connection was lost: the last balance is as of now, until the next one comes. */
  onLost?: ((problem: StipendProblem) => void) | undefined
  signal?: AbortSignal | undefined
}

const firstRetryMs = 1_000
const lastRetryMs = 30_000
/** Three heartbeats of the server. */
const silenceMs = 45_000

/**
 * Follows GET /credits/events and connects again for as long as it may.
 * @throws StipendProblem when the server refuses for good (401, 403, 404). Resolves when `signal` aborts.
 */
export async function watchBalance(
  connect: (signal: AbortSignal) => Promise<Response>,
  { onBalance, onLost, signal }: WatchBalanceOptions,
): Promise<void> {
  let failures = 0
  while (!isAborted(signal)) {
    try {
      await follow(connect, signal, (balance) => {
        failures = 0
        onBalance(balance)
      })
    } catch (error) {
      if (isAborted(signal)) return
      const problem = problemOf(error)
      onLost?.(problem)
      if (!problem.retryable && problem.status >= 400 && problem.status < 500) throw problem
      failures += 1
    }
    await pause(failures === 0 ? 0 : Math.min(firstRetryMs * 2 ** (failures - 1), lastRetryMs), signal)
  }
}

/** One connection, until its end. */
async function follow(
  connect: (signal: AbortSignal) => Promise<Response>,
  outer: AbortSignal | undefined,
  onBalance: (balance: CreditBalance) => void,
): Promise<void> {
  const silence = new AbortController()
  const signal = outer === undefined ? silence.signal : AbortSignal.any([outer, silence.signal])
  const listen = () => setTimeout(() => silence.abort(), silenceMs)
  let timer = listen()
  const heard = () => {
    clearTimeout(timer)
    timer = listen()
  }
  try {
    const response = await connect(signal)
    if (!response.ok || response.body === null) throw await problemIn(response)
    for await (const { event, data } of serverSentEvents(response.body, { onComment: heard, signal })) {
      heard()
      const balance = jsonOrNull(data)
      if (event === 'balance' && isBalance(balance)) onBalance(balance)
    }
  } finally {
    clearTimeout(timer)
  }
}

function isBalance(value: unknown): value is CreditBalance {
  return isObject(value) && typeof value['balance'] === 'number' && typeof value['unlimited'] === 'boolean'
}

/** Silence aborts the connection, which is no wish of the caller's. */
function problemOf(error: unknown): StipendProblem {
  const isAbort = error instanceof Error && error.name === 'AbortError'
  return unreachable(isAbort ? new Error('Nothing was heard for too long.', { cause: error }) : error)
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** With up to a fifth more, so that not all pages come back at once. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (isAborted(signal)) return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, 100 + ms * (1 + Math.random() / 5))
    signal?.addEventListener('abort', end, { once: true })
  })
}

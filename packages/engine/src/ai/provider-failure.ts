import { AISDKError, APICallError, LoadAPIKeyError } from '@ai-sdk/provider'

/**
 * How a call to a model ended without a usable answer.
 * `rejected_reply`: it answered, but not in the shape asked for. `unavailable`: 408, 409, 429, 5xx.
 * `refused_credentials`: 401, 403. `retired`: 404, 410, or past the catalog's date. `not_configured`: no provider
 * serves it. `no_connection`: it never heard of the call. `timeout`, `lost_connection`, `unreadable_answer`: it may
 * have worked on it. `aborted`: the caller left. `refused_request`: any other answer.
 */
export type FailureKind =
  | 'rejected_reply'
  | 'unavailable'
  | 'refused_credentials'
  | 'retired'
  | 'not_configured'
  | 'no_connection'
  | 'timeout'
  | 'lost_connection'
  | 'unreadable_answer'
  | 'aborted'
  | 'refused_request'

export interface Failure {
  kind: FailureKind
  /** HTTP status of the provider, where it answered. */
  status: number | null
  /** After which the provider says to ask again. */
  retryAfterMs?: number | undefined
}

const never: ReadonlySet<FailureKind> = new Set(['rejected_reply', 'refused_request', 'aborted'])
const ambiguous: ReadonlySet<FailureKind> = new Set([
  'timeout',
  'lost_connection',
  'unreadable_answer',
  'aborted',
])
const passing: ReadonlySet<FailureKind> = new Set([
  'unavailable',
  'no_connection',
  'timeout',
  'lost_connection',
  'unreadable_answer',
])

/** Whether another model may do better. */
export const movesOn = ({ kind }: Failure): boolean => !never.has(kind)
/** Whether the provider may have taken the call, and bill it. */
export const isAmbiguous = ({ kind }: Failure): boolean => ambiguous.has(kind)
/** Whether the same model may do better in a moment. */
export const isPassing = ({ kind }: Failure): boolean => passing.has(kind)

/**
 * The failure that a thrown value stands for. What the SDK says of an answer that it cannot read may quote the
 * answer: only kind and status go on.
 */
export function failureOf(error: unknown): Failure {
  if (LoadAPIKeyError.isInstance(error)) return { kind: 'refused_credentials', status: null }
  if (isNamed(error, 'TimeoutError')) return { kind: 'timeout', status: null }
  if (isNamed(error, 'AbortError')) return { kind: 'aborted', status: null }
  if (!APICallError.isInstance(error)) {
    const status = statusInside(error)
    if (status !== null) return ofStatus(status)
    return { kind: AISDKError.isInstance(error) ? 'unreadable_answer' : connectionKind(error), status: null }
  }
  const status = error.statusCode ?? null
  if (status === null) return { kind: connectionKind(error), status }
  if (status < 400) return { kind: 'unreadable_answer', status }
  const failure = ofStatus(status)
  if (failure.kind === 'refused_request' && error.isRetryable) failure.kind = 'unavailable'
  return { ...failure, retryAfterMs: retryAfterOf(error.responseHeaders) }
}

function ofStatus(status: number): Failure {
  if (status === 401 || status === 403) return { kind: 'refused_credentials', status }
  if (status === 404 || status === 410) return { kind: 'retired', status }
  const isBusy = status === 408 || status === 409 || status === 429 || status >= 500
  return { kind: isBusy ? 'unavailable' : 'refused_request', status }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

/** Errors that arrive as events of a stream: their type says what an HTTP status would. */
const eventStatuses: Readonly<Record<string, number>> = {
  overloaded_error: 529,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  api_error: 500,
  server_error: 500,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  invalid_request_error: 400,
}

function statusInside(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null
  for (const name of ['type', 'code'] as const) {
    const value: unknown = Reflect.get(error, name)
    if (typeof value === 'string' && value in eventStatuses) return eventStatuses[value] ?? null
    if (typeof value === 'number' && value >= 400 && value < 600) return value
  }
  const inner: unknown = Reflect.get(error, 'error')
  return inner === undefined || inner === error ? null : statusInside(inner)
}

const beforeSending: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function connectionKind(error: unknown): FailureKind {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && beforeSending.has(cause.code)) return 'no_connection'
    if (cause instanceof AggregateError && cause.errors.length > 0) {
      const isAll = cause.errors.every((one: unknown) => connectionKind(one) === 'no_connection')
      return isAll ? 'no_connection' : 'lost_connection'
    }
  }
  return 'lost_connection'
}

const longestRetryAfterMs = 60_000

function retryAfterOf(headers: Record<string, string> | undefined): number | undefined {
  const milliseconds = Number(headers?.['retry-after-ms'])
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return Math.min(milliseconds, longestRetryAfterMs)
  const seconds = Number(headers?.['retry-after'])
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds * 1000, longestRetryAfterMs)
  return undefined
}

/** The failure of an error; where a signal ended the call, providers throw what they like. */
export function failureAfter(
  error: unknown,
  signals: { limit: AbortSignal; callers: AbortSignal | undefined },
): Failure {
  if (signals.callers?.aborted === true) return { kind: 'aborted', status: null }
  return signals.limit.aborted ? { kind: 'timeout', status: null } : failureOf(error)
}

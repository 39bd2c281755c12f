import { AISDKError, APICallError, LoadAPIKeyError, NoObjectGeneratedError, NoOutputGeneratedError } from 'ai'

/**
 * How a call to a model ended.
 * `rejected_reply`: it answered, but not in the shape asked for. `unavailable`: 408, 409, 429, 5xx.
 * `refused_credentials`: 401, 403. `retired`: 404, 410. `no_connection`: it never heard of the call.
 * `timeout`, `lost_connection`, `unreadable_answer`: it may have worked on it. `refused_request`: any other answer.
 */
export type FailureKind =
  | 'rejected_reply'
  | 'unavailable'
  | 'refused_credentials'
  | 'retired'
  | 'no_connection'
  | 'timeout'
  | 'lost_connection'
  | 'unreadable_answer'
  | 'refused_request'

export interface Failure {
  kind: FailureKind
  /** HTTP status of the provider, where it answered. */
  status: number | null
}

const never: ReadonlySet<FailureKind> = new Set(['rejected_reply', 'refused_request'])
const ambiguous: ReadonlySet<FailureKind> = new Set(['timeout', 'lost_connection', 'unreadable_answer'])

/** Whether another model may do better. */
export const movesOn = ({ kind }: Failure): boolean => !never.has(kind)
/** Whether the provider may have taken the call, and bill it. */
export const isAmbiguous = ({ kind }: Failure): boolean => ambiguous.has(kind)

/** The failure that a thrown value stands for; null where it is no provider's. */
export function failureOf(error: unknown): Failure | null {
  if (NoObjectGeneratedError.isInstance(error) || NoOutputGeneratedError.isInstance(error))
    return { kind: 'rejected_reply', status: null }
  if (LoadAPIKeyError.isInstance(error)) return { kind: 'refused_credentials', status: null }
  if (isTimeout(error)) return { kind: 'timeout', status: null }
  if (!APICallError.isInstance(error)) {
    // What the SDK says of an answer it cannot read may quote the answer: only the kind goes on.
    return AISDKError.isInstance(error) ? { kind: 'unreadable_answer', status: null } : null
  }
  const status = error.statusCode ?? null
  if (status === null) return { kind: connectionKind(error), status }
  if (status < 400) return { kind: 'unreadable_answer', status }
  if (status === 401 || status === 403) return { kind: 'refused_credentials', status }
  if (status === 404 || status === 410) return { kind: 'retired', status }
  return { kind: error.isRetryable ? 'unavailable' : 'refused_request', status }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
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

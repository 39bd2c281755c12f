import { type ErrorDetail, errorOf, isErrorCode, StipendError } from './errors.ts'

/** SQLSTATE of stipend.refuse(): the message is a code, the detail JSON. */
const refusalState = 'SP002'

function stateOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Connection refused, reset or ended by an administrator: nobody knows whether the statement committed. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const state = stateOf(error)
  if (state === undefined) return /connection|timeout|socket/i.test(error.message)
  return (
    state.startsWith('08') ||
    state.startsWith('57P0') ||
    state === '53300' ||
    /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_)/.test(state)
  )
}

/** Serialization failure or deadlock: the transaction is undone and may be asked again. */
export function isTransient(error: unknown): boolean {
  const state = stateOf(error)
  return state === '40001' || state === '40P01'
}

/**
 * What the values of a request may cause: data exceptions, violated constraints, errors raised in a function. Others,
 * such as a full disk or a cancelled statement, would meet every half of the batch alike.
 */
export function isCausedByValues(error: unknown): boolean {
  return /^(22|23|P0|SP|XX)/.test(stateOf(error) ?? '')
}

/** The lock_timeout of a lane that waits for one organization. */
function isLockTimeout(error: unknown): boolean {
  return stateOf(error) === '55P03'
}

/** Schema, table, column, function or type that is not there: not migrated, or for another version. */
const missingStates: ReadonlySet<string> = new Set(['3F000', '42P01', '42703', '42704', '42883'])

/** What the operator has to do before the database can serve; undefined: it is no matter of the schema. */
function schemaTrouble(state: string | undefined): ErrorDetail | undefined {
  if (missingStates.has(state ?? '')) return notMigrated
  if (state !== '42501') return undefined
  return {
    message: "The database's login may not use Stipend: grant it the role stipend_server.",
    command: 'grant stipend_server to <login>',
  }
}

/** Particulars of `database_unavailable` where migrations or functions are missing. */
export const notMigrated = {
  message: 'The database is not migrated for this version of Stipend: run `npx stipend migrate up`.',
  command: 'npx stipend migrate up',
} as const

/** What to tell the caller: the refusal a function raised, else that the database is busy, gone, or `internal`. */
export function toStipendError(error: unknown): StipendError {
  if (error instanceof StipendError) return error
  const state = stateOf(error)
  if (state === refusalState && error instanceof Error && isErrorCode(error.message)) {
    const text = 'detail' in error && typeof error.detail === 'string' ? error.detail : '{}'
    return errorOf(error.message, JSON.parse(text), { cause: error })
  }
  if (state === '22003') {
    return errorOf(
      'invalid_request',
      {
        message: 'The amount is too large: a balance holds at most 999,999,999,999.99 credits.',
        field: 'credits',
        rule: 'must leave the balance within 999,999,999,999.99',
      },
      { cause: error },
    )
  }
  const trouble = schemaTrouble(state)
  if (trouble !== undefined) return errorOf('database_unavailable', trouble, { cause: error })
  if (isLockTimeout(error)) {
    return errorOf(
      'overloaded',
      { message: 'The organization is locked by another operation.', retryAfterMs: 1_000 },
      { cause: error },
    )
  }
  if (isTransient(error) || state === '57014')
    return errorOf('overloaded', { retryAfterMs: 1_000 }, { cause: error })
  if (isConnectionLost(error))
    return errorOf('database_unavailable', { retryAfterMs: 2_000 }, { cause: error })
  return errorOf('internal', {}, { cause: error })
}

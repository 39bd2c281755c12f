import { randomUUID } from 'node:crypto'
import { type ErrorDetail, errorOf, invalid, StipendError } from '@stipend/engine'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { StipendEnv } from './context.ts'
import { detailOf } from './problem-detail.ts'
import { remedyOf, scopeOf } from './remedy.ts'

/** A refusal as RFC 9457 problem+json, with its particulars beside the members below. Amounts in credits. */
export interface Problem {
  [particular: string]: unknown
  type: string
  title: string
  status: number
  detail: string
  code: string
  /** What refused: the organization, the plan, a budget's scope, the missing scope of a key. */
  scope?: string
  /** Whether the same request may succeed later without anybody doing anything. */
  retryable: boolean
  /** What would help: `action` and its particulars. */
  remedy?: Readonly<Record<string, unknown>>
  requestId: string
}

/** Particulars whose names are members of every problem go by these. */
const renamed: Readonly<Record<string, string>> = { type: 'standingType', status: 'standingStatus' }
const internalKeys: ReadonlySet<string> = new Set(['message'])
const members: ReadonlySet<string> = new Set([
  'title',
  'detail',
  'code',
  'scope',
  'retryable',
  'remedy',
  'requestId',
])

/** The problem of an error; of an internal one nothing but the request id. */
export function problemOf(error: StipendError, requestId: string): Problem {
  const { code, status } = error
  const type = `urn:stipend:problem:${code}`
  const title = errorOf(code).message
  if (code === 'internal') {
    const detail = 'Something went wrong. Name the request id when you report it.'
    return { type, title, status, detail, code, retryable: false, requestId }
  }
  const scope = scopeOf(error)
  const remedy = remedyOf(error)
  const detail = withRule(error)
  return {
    ...particularsOf(detail.particulars),
    type,
    title,
    status,
    detail: detail.text,
    code,
    ...(scope === undefined ? {} : { scope }),
    retryable: error.retryable,
    ...(remedy === undefined ? {} : { remedy }),
    requestId,
  }
}

/** The answer to anything thrown: problem+json with Retry-After where the time is known. */
export function problemResponse(error: unknown, requestId: string = randomUUID()): Response {
  const stipendError = stipendErrorOf(error)
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  const { retryAfterMs } = stipendError
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  const { allow } = stipendError.detail
  if (typeof allow === 'string') headers.set('allow', allow)
  if (stipendError.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer realm="stipend"')
  // The rest of the body is not read, so the connection cannot carry another request.
  if (stipendError.code === 'payload_too_large') headers.set('connection', 'close')
  const problem = problemOf(stipendError, requestId)
  return new Response(JSON.stringify(problem), { status: stipendError.status, headers })
}

/** The error handler of the app and of every router. */
export function handleError(error: unknown, c: Context<StipendEnv>): Response {
  const stipendError = stipendErrorOf(error)
  const { requestId, logger } = c.var
  const { code, message } = stipendError
  if (code === 'internal') {
    logger?.error({ requestId, code, err: describe(error) }, 'request failed')
  } else if (stipendError.status >= 500 && !decisions.has(code)) {
    const { stack: _, ...err } = describe(stipendError.cause ?? stipendError)
    logger?.error({ requestId, code, err }, message)
  }
  return problemResponse(stipendError, requestId)
}

/** 503 by somebody's choice: nothing broke. */
const decisions: ReadonlySet<string> = new Set([
  'payments_not_configured',
  'capability_disabled',
  'model_unpriced',
])
/** A problem as a text, for streams that have begun and can only end with it. It has no request id. */
export function problemText(error: unknown): string {
  const { requestId: _, ...problem } = problemOf(stipendErrorOf(error), '')
  return JSON.stringify(problem)
}

/** What was thrown as a refusal with a code; what has none is `internal`. */
export function stipendErrorOf(error: unknown): StipendError {
  if (error instanceof StipendError) return error
  if (!(error instanceof HTTPException)) return errorOf('internal', {}, { cause: error })
  switch (error.status) {
    case 400:
      return invalid('body', 'must be JSON')
    case 401:
      return errorOf('unauthenticated')
    case 403:
      return errorOf('forbidden')
    case 404:
      return errorOf('not_found')
    case 413:
      return errorOf('payload_too_large')
    case 415:
      return invalid('Content-Type', 'must be application/json')
    default:
      return errorOf('internal', {}, { cause: error })
  }
}

/** Refusals of SQL functions name a field and the known values, not always a rule. */
function withRule(error: StipendError): { text: string; particulars: ErrorDetail } {
  const { detail } = error
  const { field, rule, known } = detail
  if (error.code !== 'invalid_request' || typeof field !== 'string') {
    return { text: detailOf(error), particulars: detail }
  }
  const ownRule = Array.isArray(known) ? `must be one of ${known.join(', ')}` : 'is not valid'
  const spoken = typeof rule === 'string' ? rule : ownRule
  const text = typeof detail['message'] === 'string' ? detail['message'] : `${field} ${spoken}.`
  return { text, particulars: { ...detail, rule: spoken } }
}

function particularsOf(detail: ErrorDetail): Record<string, unknown> {
  const particulars: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(detail)) {
    if (internalKeys.has(key) || members.has(key)) continue
    particulars[renamed[key] ?? key] = value
  }
  return particulars
}

/** Name, message and stack, never the other properties, which may hold parameters or prompts. */
function describe(error: unknown): { name: string; message?: string; stack?: string | undefined } {
  if (!(error instanceof Error)) return { name: typeof error }
  const { name, message, stack, cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { name, message, stack, ...code, ...(cause === undefined ? {} : { cause: describe(cause) }) }
}

import { type ErrorCode, errorOf, StipendError } from '@stipend/engine'
import { problemResponse, type StipendEnv, stipendErrorOf } from '@stipend/server'
import type { Context } from 'hono'
import type { Customer } from '../identity/customer.ts'

/** Refusals of public routes, in words for people who know nothing of plans and credits. */
const refusals = {
  ai_unavailable: { status: 503, title: 'AI help is not available right now.', retryable: true },
  customer_limit_exceeded: { status: 429, title: 'No more texts for now.', retryable: true },
  form_closed: { status: 403, title: 'This form is closed.', retryable: false },
} as const

type PublicCode = keyof typeof refusals

interface Particulars {
  detail: string
  canWriteByHand: boolean
  generationsRemaining?: number
  /** When the next one is possible. */
  nextAt?: string
  identity?: Customer['identity']
  notice?: string | null
}

/** A refusal of a public route. It says nothing of the organization's affairs. */
export class PublicRefusal extends Error {
  override readonly name = 'PublicRefusal'
  readonly code: PublicCode
  readonly particulars: Particulars
  readonly retryAfterMs: number | undefined

  constructor(code: PublicCode, particulars: Particulars, retryAfterMs?: number) {
    super(particulars.detail)
    this.code = code
    this.particulars = particulars
    this.retryAfterMs = retryAfterMs
  }
}

export function formClosed(): PublicRefusal {
  return new PublicRefusal('form_closed', {
    detail: 'This form takes no more answers.',
    canWriteByHand: false,
  })
}

export function aiUnavailable({ identity, notice }: Customer): PublicRefusal {
  return new PublicRefusal('ai_unavailable', {
    detail: 'AI help is not available right now; you can write it by hand.',
    canWriteByHand: true,
    identity,
    notice,
  })
}

/** The limit of a customer, an address or all who are not signed in: `detail` of the engine's refusal says which. */
export function limitReached(
  customer: Customer,
  { detail: { key }, retryAfterMs = 1000 }: StipendError,
): PublicRefusal {
  const { identity, notice, limits } = customer
  const nextAt = new Date(Date.now() + retryAfterMs).toISOString()
  const [own] = limits
  const isShared = own?.key !== key
  const reached = isShared
    ? 'So many people have used this form today that there are no more AI texts for those who are not signed in.'
    : `You have used your ${own?.limit ?? 0} AI texts of the last 24 hours.`
  const detail = `${reached} The next one is possible at ${nextAt}. You can write it by hand.`
  return new PublicRefusal(
    'customer_limit_exceeded',
    { detail, canWriteByHand: true, generationsRemaining: 0, nextAt, identity, notice },
    retryAfterMs,
  )
}

/** Too many texts sent by one sender. */
export function tooManyTexts({ identity, notice }: Customer, error: StipendError): PublicRefusal {
  const { message, retryAfterMs = 1000 } = error
  const nextAt = new Date(Date.now() + retryAfterMs).toISOString()
  const detail = `${message} The next one is possible at ${nextAt}.`
  const particulars = { detail, canWriteByHand: false, nextAt, identity, notice }
  return new PublicRefusal('customer_limit_exceeded', particulars, retryAfterMs)
}

/** What may be told to anybody, by these particulars. */
const harmless: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'payload_too_large',
  'not_found',
  'idempotency_mismatch',
  'request_in_flight',
  'internal',
])
const harmlessParticulars = ['message', 'field', 'rule', 'errors', 'formId', 'maxBodyBytes', 'retryAfterMs']

/** The error handler of public routes. */
export function handlePublicError(error: unknown, c: Context<StipendEnv>): Response {
  const { requestId, logger } = c.var
  if (error instanceof PublicRefusal) return refusalResponse(error, requestId)
  const stipendError = stipendErrorOf(error)
  const { code } = stipendError
  if (code === 'internal' || !harmless.has(code)) {
    logger?.error({ requestId, code, name: nameOf(error) }, 'request failed')
  }
  return problemResponse(harmlessError(stipendError), requestId)
}

/** The error without what it may tell of the organization. */
function harmlessError({ code, detail }: StipendError): StipendError {
  const told = Object.fromEntries(
    Object.entries(detail).filter(([name]) => harmlessParticulars.includes(name)),
  )
  if (harmless.has(code)) return errorOf(code, told)
  return errorOf('overloaded', { ...told, message: 'This does not work at the moment. Try again later.' })
}

function refusalResponse({ code, particulars, retryAfterMs }: PublicRefusal, requestId: string): Response {
  const { status, title, retryable } = refusals[code]
  const problem = {
    type: `urn:testimonials:problem:${code}`,
    title,
    status,
    code,
    retryable,
    ...particulars,
    requestId,
  }
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  if (retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  return new Response(JSON.stringify(problem), { status, headers })
}

function nameOf(error: unknown): string {
  const cause = error instanceof StipendError ? error.cause : error
  return cause instanceof Error ? cause.name : typeof cause
}

/** Every refusal and failure of Stipend, with the HTTP status it maps to and whether asking again may help. */
export const errorCodes = {
  organization_not_found: { status: 404, retryable: false },
  capability_not_found: { status: 404, retryable: false },
  quality_not_found: { status: 404, retryable: false },
  capability_disabled: { status: 503, retryable: false },
  subscription_inactive: { status: 403, retryable: false },
  not_in_plan: { status: 403, retryable: false },
  plan_disabled: { status: 403, retryable: false },
  quality_not_allowed: { status: 403, retryable: false },
  model_not_allowed: { status: 403, retryable: false },
  model_unpriced: { status: 503, retryable: false },
  rate_limited: { status: 429, retryable: true },
  customer_limit_exceeded: { status: 429, retryable: true },
  /** Retryable where only open holds stand in the way: then it has a `retryAfterMs`. */
  budget_exceeded: { status: 402, retryable: false },
  insufficient_credits: { status: 402, retryable: false },
  holds_in_flight: { status: 402, retryable: true },
  idempotency_mismatch: { status: 422, retryable: false },
  request_in_flight: { status: 409, retryable: true },
  reservation_not_found: { status: 404, retryable: false },
  reservation_released: { status: 409, retryable: false },
  settle_conflict: { status: 409, retryable: false },
  invalid_request: { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  too_many_attempts: { status: 429, retryable: true },
  payload_too_large: { status: 413, retryable: false },
  replay_expired: { status: 410, retryable: false },
  overloaded: { status: 503, retryable: true },
  database_unavailable: { status: 503, retryable: true },
  payments_not_configured: { status: 503, retryable: false },
  payment_declined: { status: 402, retryable: false },
  payment_provider_failed: { status: 502, retryable: true },
  invalid_signature: { status: 400, retryable: false },
  not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  provider_failed: { status: 502, retryable: true },
  internal: { status: 500, retryable: false },
} as const

export type ErrorCode = keyof typeof errorCodes

/** Codes of {@link AccessDeniedError}: the plan does not allow the call. */
export type AccessDeniedCode =
  | 'capability_disabled'
  | 'subscription_inactive'
  | 'not_in_plan'
  | 'plan_disabled'
  | 'quality_not_allowed'
  | 'model_not_allowed'
  | 'model_unpriced'

/** Particulars of a refusal as plain JSON: names, limits, shortfall, the remedy. Amounts are credits. */
export type ErrorDetail = Readonly<Record<string, unknown>>

/** A refusal or failure with a code of {@link errorCodes}; `detail` names what would help. */
export class StipendError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code
  readonly detail: ErrorDetail

  constructor(code: Code, message: string, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.detail = detail
  }

  /** HTTP status of the code. */
  get status(): number {
    return errorCodes[this.code].status
  }

  /** Whether the same request may succeed later without anybody doing anything. */
  get retryable(): boolean {
    // A database that waits for somebody's command does not mend itself.
    if (this.detail['command'] !== undefined) return false
    const mayPass = this.code === 'budget_exceeded' && this.detail['retryAfterMs'] !== undefined
    return errorCodes[this.code].retryable || mayPass
  }

  /** Milliseconds after which to ask again, where that is known. */
  get retryAfterMs(): number | undefined {
    const { retryAfterMs } = this.detail
    return typeof retryAfterMs === 'number' ? retryAfterMs : undefined
  }
}

/** An organization, capability, quality level, reservation or other thing that does not exist. */
export class NotFoundError extends StipendError<
  | 'organization_not_found'
  | 'capability_not_found'
  | 'quality_not_found'
  | 'reservation_not_found'
  | 'not_found'
> {}
/** The plan, the subscription or the operator does not allow the call. */
export class AccessDeniedError extends StipendError<AccessDeniedCode> {}
/** A rate window or a customer's limit is used up; `retryAfterMs` says until when. */
export class RateLimitError extends StipendError<'rate_limited' | 'customer_limit_exceeded'> {}
/** A budget of the organization, a member, an API key, a capability or a form is used up. */
export class BudgetExceededError extends StipendError<'budget_exceeded'> {}
/** The credits do not cover the estimate, now (`holds_in_flight`) or at all. */
export class InsufficientCreditsError extends StipendError<'insufficient_credits' | 'holds_in_flight'> {}
/** The request contradicts what stands: a key used otherwise, a call still running, a hold that has ended. */
export class ConflictError extends StipendError<
  'idempotency_mismatch' | 'request_in_flight' | 'reservation_released' | 'settle_conflict' | 'replay_expired'
> {}
/** A field of the request breaks a rule; `detail.field` and `detail.rule` name them. */
export class InvalidRequestError extends StipendError<
  'invalid_request' | 'payload_too_large' | 'method_not_allowed'
> {}
/** Stipend cannot answer now. */
export class UnavailableError extends StipendError<
  | 'overloaded'
  | 'database_unavailable'
  | 'payments_not_configured'
  | 'payment_provider_failed'
  | 'provider_failed'
> {}
/** A card was declined, or wants its owner; `detail.declineCode` says how, `detail.payUrl` where to pay. */
export class PaymentDeclinedError extends StipendError<'payment_declined'> {}

const messages: Record<ErrorCode, string> = {
  organization_not_found: 'No such organization.',
  capability_not_found: 'No such capability.',
  quality_not_found: 'No such quality level.',
  capability_disabled: 'This capability is switched off by the operator.',
  subscription_inactive: 'The subscription is not paid or is suspended.',
  not_in_plan: 'The plan does not include this capability.',
  plan_disabled: 'The plan has this capability switched off.',
  quality_not_allowed: 'The plan does not include this quality level.',
  model_not_allowed: 'The plan does not include this model at this quality level.',
  model_unpriced: 'The price of the model is not known, so it is not called.',
  rate_limited: 'The rate limit of this capability is used up.',
  customer_limit_exceeded: 'The limit for this person is used up.',
  budget_exceeded: 'A budget is used up.',
  insufficient_credits: 'The credits do not cover this call.',
  holds_in_flight: 'Open holds leave too few credits for this call at the moment.',
  idempotency_mismatch: 'This was asked before with other parameters.',
  request_in_flight: "This key's first call is still running.",
  reservation_not_found: 'No such reservation.',
  reservation_released: 'The reservation was released; nothing is charged.',
  settle_conflict: 'The reservation has ended otherwise.',
  invalid_request: 'The request is not valid.',
  unauthenticated: 'Authentication is missing or not valid.',
  forbidden: 'This is not allowed with these credentials.',
  too_many_attempts: 'Too many wrong keys or tokens came from this address.',
  payload_too_large: 'The request is too large.',
  replay_expired: 'The first answer of this key is no longer kept; it was charged once.',
  overloaded: 'Too many requests are waiting.',
  database_unavailable: 'The database does not answer.',
  payments_not_configured: 'Payments are not configured.',
  payment_declined: 'The payment was declined.',
  payment_provider_failed: 'The payment provider did not answer as expected.',
  invalid_signature: 'The signature does not fit the body.',
  not_found: 'There is nothing here.',
  method_not_allowed: 'This method is not known here.',
  provider_failed: 'The model provider did not give a usable answer.',
  internal: 'Something went wrong.',
}

function messageOf(code: ErrorCode, detail: ErrorDetail): string {
  const { message, field, rule } = detail
  if (typeof message === 'string') return message
  if (typeof field === 'string' && typeof rule === 'string') return `${field} ${rule}.`
  return messages[code]
}

/** The error of a code with its standard message and class. */
export function errorOf(code: ErrorCode, detail: ErrorDetail = {}, options?: ErrorOptions): StipendError {
  const message = messageOf(code, detail)
  switch (code) {
    case 'organization_not_found':
    case 'capability_not_found':
    case 'quality_not_found':
    case 'reservation_not_found':
    case 'not_found':
      return new NotFoundError(code, message, detail, options)
    case 'capability_disabled':
    case 'subscription_inactive':
    case 'not_in_plan':
    case 'plan_disabled':
    case 'quality_not_allowed':
    case 'model_not_allowed':
    case 'model_unpriced':
      return new AccessDeniedError(code, message, detail, options)
    case 'rate_limited':
    case 'customer_limit_exceeded':
      return new RateLimitError(code, message, detail, options)
    case 'budget_exceeded':
      return new BudgetExceededError(code, message, detail, options)
    case 'insufficient_credits':
    case 'holds_in_flight':
      return new InsufficientCreditsError(code, message, detail, options)
    case 'idempotency_mismatch':
    case 'request_in_flight':
    case 'reservation_released':
    case 'settle_conflict':
    case 'replay_expired':
      return new ConflictError(code, message, detail, options)
    case 'invalid_request':
    case 'payload_too_large':
    case 'method_not_allowed':
      return new InvalidRequestError(code, message, detail, options)
    case 'overloaded':
    case 'database_unavailable':
    case 'payments_not_configured':
    case 'payment_provider_failed':
    case 'provider_failed':
      return new UnavailableError(code, message, detail, options)
    case 'payment_declined':
      return new PaymentDeclinedError(code, message, detail, options)
    default:
      return new StipendError(code, message, detail, options)
  }
}

/** An `invalid_request` that names the field and the rule it breaks. */
export function invalid(field: string, rule: string): InvalidRequestError {
  return new InvalidRequestError('invalid_request', `${field} ${rule}.`, { field, rule })
}

/** Whether a text is one of the codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value)
}

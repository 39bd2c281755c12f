/** A refusal in Stripe's form. https://docs.stripe.com/api/errors */
export class ApiError extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: { type: string; message: string; [field: string]: unknown }) {
    super(body.message)
    this.name = 'ApiError'
    this.status = status
    this.body = body
  }
}

export function invalidRequest(message: string, param?: string, code?: string): ApiError {
  return new ApiError(400, {
    type: 'invalid_request_error',
    message,
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  })
}

export function missing(what: string, id: string, param = 'id'): ApiError {
  const message = `No such ${what}: '${id}'`
  return new ApiError(404, { type: 'invalid_request_error', code: 'resource_missing', message, param })
}

/** A declined card, with the objects that tell of it. */
export function cardError(declineCode: string, more: Record<string, unknown> = {}): ApiError {
  const code = declineCode === 'authentication_required' ? 'authentication_required' : 'card_declined'
  return new ApiError(402, {
    type: 'card_error',
    code,
    decline_code: declineCode,
    message: declineMessage(declineCode),
    ...more,
  })
}

export function declineMessage(declineCode: string): string {
  switch (declineCode) {
    case 'insufficient_funds':
      return 'Your card has insufficient funds.'
    case 'authentication_required':
      return 'Your card was declined. This transaction requires authentication.'
    default:
      return 'Your card was declined.'
  }
}

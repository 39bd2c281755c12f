import { AsyncLocalStorage } from 'node:async_hooks'
import { errorOf, toStipendError } from '@stipend/engine'
import { DatabaseError } from 'pg'

/** What went wrong behind an answer of better-auth's, which says of it that it is a 500. */
export interface Failure {
  error: unknown
}

const failures = new AsyncLocalStorage<Failure>()

/** Called by better-auth for each error, the expected ones too. */
export function noteError(error: unknown): void {
  const failure = failures.getStore()
  if (failure !== undefined) failure.error = error
}

/**
 * The answer of better-auth, with what the database refused as a refusal in better-auth's form, and nothing else of the
 * inside. @throws StipendError for what is broken
 */
export async function answerOf(work: () => Promise<Response>): Promise<Response> {
  const failure: Failure = { error: null }
  const response = await failures.run(failure, work)
  if (response.status < 500) return response
  const { error } = failure
  const refusal = error instanceof DatabaseError ? refusalOf(error) : null
  if (refusal !== null) return Response.json(refusal.body, { status: refusal.status })
  throw error === null ? errorOf('internal') : toStipendError(error)
}

/** What better-auth looks at before it writes may be otherwise when it writes: the database has the last word. */
function refusalOf({ code = '', constraint }: DatabaseError) {
  if (constraint === 'members_last_owner') {
    const message = 'An organization keeps at least one owner: make somebody else an owner first.'
    return { status: 400, body: { code: 'YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER', message } }
  }
  if (code === '23505') {
    return { status: 409, body: { code: 'ALREADY_EXISTS', message: 'That exists already.' } }
  }
  // 22: data that PostgreSQL cannot take; 23: a rule of the tables; 42703: a column that a filter names.
  if (/^2[23]/.test(code) || code === '42703') {
    return { status: 400, body: { code: 'INVALID_REQUEST', message: 'A field of the request is not valid.' } }
  }
  return null
}

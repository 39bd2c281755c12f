import { errorOf, toStipendError } from '@stipend/engine'
import { BetterAuthError } from 'better-auth'
import { DatabaseError } from 'pg'

/**
 * The answer of better-auth: refusals of its own and of the database's in its form, `{ code, message }`, and nothing of
 * the inside. @throws StipendError for what is broken
 */
export async function answerOf(work: () => Promise<Response>): Promise<Response> {
  const response = await work().catch((error: unknown) => {
    const refusal = refusalOf(error)
    if (refusal === null) throw toStipendError(error)
    return Response.json({ code: refusal.code, message: refusal.message }, { status: refusal.status })
  })
  if (response.status >= 500) throw errorOf('internal')
  return (await isStrangers(response)) ? Response.json(noOrganization, { status: 400 }) : response
}

const strangers: ReadonlySet<unknown> = new Set([
  'ORGANIZATION_NOT_FOUND',
  'USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION',
])
const noOrganization = { code: 'ORGANIZATION_NOT_FOUND', message: 'Organization not found' }

/** An organization that one is no member of is answered like one that is not there. */
async function isStrangers(response: Response): Promise<boolean> {
  if (response.status < 400) return false
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  const isObject = typeof body === 'object' && body !== null && 'code' in body
  return isObject && strangers.has(body.code)
}

interface Refusal {
  status: number
  code: string
  message: string
}

const invalidField: Refusal = {
  status: 400,
  code: 'INVALID_REQUEST',
  message: 'A field of the request is not valid.',
}

/** What better-auth looked at before it wrote may be otherwise when it writes: the database has the last word. */
function refusalOf(error: unknown): Refusal | null {
  // A filter or an order by a field that is not there.
  if (error instanceof BetterAuthError && /^Field .* not found/.test(error.message)) return invalidField
  if (!(error instanceof DatabaseError)) return null
  const { code = '', constraint } = error
  if (constraint === 'members_last_owner') {
    const message = 'An organization keeps at least one owner: make somebody else an owner first.'
    return { status: 400, code: 'YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER', message }
  }
  if (code === '23505') return { status: 409, code: 'ALREADY_EXISTS', message: 'That exists already.' }
  // Data that PostgreSQL cannot take, and rules of the tables.
  return /^2[23]/.test(code) ? invalidField : null
}

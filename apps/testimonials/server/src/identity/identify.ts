import { errorOf, invalid } from '@stipend/engine'
import type { Identify } from '@stipend/server'
import type { Pool } from 'pg'
import type { Auth } from './auth.ts'
import { findMembership, impliedMembership, listMemberships } from './memberships.ts'
import { requireOwnOrigin } from './same-origin.ts'

/** Names the organization that a request is for, among the person's own. */
const organizationHeader = 'stipend-organization'
/** With the value `operator`, somebody who may acts for the platform; otherwise they are a member like anybody. */
const roleHeader = 'x-hasura-role'

interface Given {
  auth: Auth
  database: Pool
  trustedOrigins: readonly string[]
  isOperator: (user: { email: string; emailVerified: boolean }) => boolean
}

/**
 * Who is signed in by the session's cookie. Session and membership are read anew for each request, so that a person who
 * was removed, demoted or signed out is so at once.
 * @throws StipendError forbidden, organization_not_found, invalid_request
 */
export function createIdentify({ auth, database, trustedOrigins, isOperator }: Given): Identify {
  return async (request) => {
    if (!request.headers.has('cookie')) return null
    const found = await auth.api.getSession({
      headers: request.headers,
      query: { disableCookieCache: true, disableRefresh: true },
    })
    if (found === null) return null
    requireOwnOrigin(request, trustedOrigins)
    const { user, session } = found
    const actor = { type: 'member', id: user.id, name: user.name, email: user.email } as const
    if (request.headers.get(roleHeader) === 'operator') {
      if (!isOperator(user)) throw errorOf('forbidden', { message: 'You are no operator of this platform.' })
      return { organizationId: null, role: 'operator', actor }
    }
    const memberships = await listMemberships(database, user.id)
    const named = request.headers.get(organizationHeader)
    if (named !== null) {
      const membership = findMembership(memberships, named)
      if (membership === null) throw errorOf('organization_not_found', { organizationId: named })
      return { ...membership, actor }
    }
    const implied = impliedMembership(memberships, session.activeOrganizationId ?? null)
    if (implied !== null) return { ...implied, actor }
    if (memberships.length === 0) {
      const message =
        'You belong to no organization: make one at POST /auth/organization/create, or accept an invitation.'
      throw errorOf('forbidden', { message })
    }
    throw invalid(
      'Stipend-Organization',
      'must name one of your organizations, since none is active in this session',
    )
  }
}

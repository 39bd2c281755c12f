import { type ErrorDetail, errorOf, invalid } from '@stipend/engine'
import type { Identify } from '@stipend/server'
import type { Pool } from 'pg'
import type { Auth } from './auth.ts'
import { actingRoles } from './hasura-claims.ts'
import { findMembership, impliedMembership, listMemberships, type Membership } from './memberships.ts'
import { requireOwnOrigin } from './same-origin.ts'

/** Names the organization that a request is for, among the person's own. */
const organizationHeader = 'stipend-organization'
/** Names the role to act in, as with a token: a lesser one than the own, or the platform's `operator`. */
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
    const wanted = request.headers.get(roleHeader)
    if (wanted === 'operator') {
      if (!isOperator(user)) throw roleRefused(wanted)
      return { organizationId: null, role: wanted, actor }
    }
    const named = request.headers.get(organizationHeader)
    const memberships = await listMemberships(database, user.id)
    const membership =
      named === null
        ? requireImplied(memberships, session.activeOrganizationId ?? null)
        : requireNamed(memberships, named)
    const { organizationId } = membership
    if (wanted === null) return { organizationId, role: membership.role, actor }
    const role = actingRoles(membership, false).find((allowed) => allowed === wanted)
    if (role === undefined || role === 'operator') throw roleRefused(wanted)
    return { organizationId, role, actor }
  }
}

/** Another's organization is answered as an unknown one. */
function requireNamed(memberships: readonly Membership[], organizationId: string): Membership {
  const membership = findMembership(memberships, organizationId)
  if (membership === null) throw errorOf('organization_not_found', { organizationId })
  return membership
}

function requireImplied(memberships: readonly Membership[], active: string | null): Membership {
  const membership = impliedMembership(memberships, active)
  if (membership !== null) return membership
  if (memberships.length > 0) {
    const rule = 'must name one of your organizations, since none of them is active in this session'
    throw invalid('Stipend-Organization', rule)
  }
  const message =
    'You belong to no organization: make one at POST /auth/organization/create, or accept an invitation.'
  throw errorOf('forbidden', { message })
}

function roleRefused(role: string) {
  const detail: ErrorDetail = { message: `You may not act as ${role}.`, field: 'X-Hasura-Role' }
  return errorOf('forbidden', detail)
}

import { hasuraIdentity, type Identity, type TokenIssuer } from '@stipend/server'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Pool } from 'pg'
import { actingRoles } from './hasura-claims.ts'
import { findMembership, listMemberships } from './memberships.ts'

interface Given {
  /** The `iss` and `aud` of what sign-in signs. */
  origin: string
  database: Pool
  readKeys: () => Promise<JSONWebKeySet>
  isOperator: (user: { email: string; emailVerified: boolean }) => boolean
}

/**
 * The tokens of GET /auth/token on Stipend's routes. Their keys are read from the database, not over HTTP; and what they
 * say of a role counts while it still holds, since here it can be looked up.
 */
export function ownTokens({ origin, database, readKeys, isOperator }: Given): TokenIssuer {
  return {
    issuer: origin,
    audience: origin,
    keys: currentKeys(readKeys),
    identity: async (payload, request) => {
      const identity = hasuraIdentity(payload, request)
      return identity !== null && (await stillHolds(identity)) ? identity : null
    },
  }

  async function stillHolds({ organizationId, role, actor }: Identity): Promise<boolean> {
    if (organizationId === null) return isOperatorNow(actor.id)
    const membership = findMembership(await listMemberships(database, actor.id), organizationId)
    return membership !== null && actingRoles(membership, false).includes(role)
  }

  async function isOperatorNow(userId: string): Promise<boolean> {
    const { rows } = await database.query<{ email: string; emailVerified: boolean }>(
      'select email, email_verified as "emailVerified" from auth.users where id = $1::text',
      [userId],
    )
    return rows.some(isOperator)
  }
}

/** No token of a stranger's makes it read more often. */
const rereadAfterMs = 10_000

/** Keys are kept, and read anew when a token names one that is not among them. */
function currentKeys(readKeys: () => Promise<JSONWebKeySet>): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | null = null
  let readAt = Number.NEGATIVE_INFINITY
  const read = async () => {
    readAt = performance.now()
    keys = createLocalJWKSet(await readKeys())
    return keys
  }
  return async (header, token) => {
    const known = keys ?? (await read())
    try {
      return await known(header, token)
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey
      if (!isUnknown || performance.now() - readAt < rereadAfterMs) throw error
      return (await read())(header, token)
    }
  }
}

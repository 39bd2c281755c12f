import { errorOf } from '@stipend/engine'
import { decodeJwt, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { type Identity, roles } from './context.ts'
import { createJwtVerifier } from './jwt-verifier.ts'

/** A host's tokens, accepted as `Authorization: Bearer`. */
export interface TokenIssuer {
  /** The token's `iss`. */
  issuer: string
  /** The token's `aud`. */
  audience: string
  /** The issuer's public keys: the address of its JWKS, or a function of jose's. Nothing else is asked. */
  keys: URL | JWTVerifyGetKey
  /**
   * Whom a verified token names; null: nobody. Default: {@link hasuraIdentity}.
   * @throws StipendError, such as `forbidden`
   */
  identity?:
    | ((payload: JWTPayload, request: Request) => Identity | null | Promise<Identity | null>)
    | undefined
}

/** Whom a bearer token names; null where it is no issuer's of these. @throws StipendError `unauthenticated` */
export type VerifyBearer = (token: string, request: Request) => Promise<Identity | null>

/** Verifies tokens by the issuer that they name; those of others are left to the host's `identify`. */
export function createBearerVerifier(issuers: readonly TokenIssuer[]): VerifyBearer {
  const known = new Map(
    issuers.map(({ issuer, audience, keys, identity = hasuraIdentity }) => {
      const verify = createJwtVerifier({ issuers: [issuer], audience, keys })
      return [issuer, { verify, identity }] as const
    }),
  )
  return async (token, request) => {
    const issuer = known.get(issuerOf(token) ?? '')
    if (issuer === undefined) return null
    const check = await issuer.verify(token)
    if (check.outcome === 'verified') {
      const identity = await issuer.identity(check.payload, request)
      if (identity === null)
        throw errorOf('unauthenticated', { message: 'The token names nobody known here.' })
      return identity
    }
    if (check.outcome === 'unchecked') {
      throw errorOf('overloaded', { message: "The token's issuer does not answer with its keys. Try again." })
    }
    const message =
      check.outcome === 'expired' ? 'The token has expired: get a new one.' : 'The token is not valid.'
    throw errorOf('unauthenticated', { message })
  }
}

/** Not trusted: it only says by whose keys to verify. */
function issuerOf(token: string): string | undefined {
  if (token.length > 8192) return undefined
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** Where Hasura expects its claims. */
export const hasuraNamespace = 'https://hasura.io/jwt/claims'
const roleHeader = 'x-hasura-role'

/**
 * Whom Hasura's claims name: `x-hasura-user-id`, `x-hasura-organization-id`, and the role of the header X-Hasura-Role,
 * one of `x-hasura-allowed-roles`, else `x-hasura-default-role`. @throws StipendError `forbidden`
 */
export function hasuraIdentity(payload: JWTPayload, request: Request): Identity | null {
  const claims = payload[hasuraNamespace]
  if (typeof claims !== 'object' || claims === null) return null
  const told = new Map<string, unknown>(
    Object.entries(claims).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const id = textOf(told.get('x-hasura-user-id'))
  if (id === undefined) return null
  const [name, email] = [textOf(payload['name']), textOf(payload['email'])]
  const actor = {
    type: 'member' as const,
    id,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  }
  const wanted = actingRole(told, request)
  if (wanted === 'operator') return { organizationId: null, role: wanted, actor }
  const organizationId = textOf(told.get('x-hasura-organization-id'))
  const role = roles.find((known) => known === wanted)
  if (role === undefined) throw notAllowed(wanted, `must be one of ${[...roles, 'operator'].join(', ')}`)
  if (organizationId === undefined) return null
  return { organizationId, role, actor }
}

function actingRole(told: ReadonlyMap<string, unknown>, request: Request): string {
  const allowed = told.get('x-hasura-allowed-roles')
  const allowedRoles: unknown[] = Array.isArray(allowed) ? allowed : []
  const wanted = request.headers.get(roleHeader) ?? textOf(told.get('x-hasura-default-role')) ?? ''
  if (allowedRoles.includes(wanted)) return wanted
  throw notAllowed(wanted, `must be one of the token's own: ${allowedRoles.join(', ')}`)
}

function notAllowed(role: string, rule: string) {
  return errorOf('forbidden', {
    message: `You may not act as ${role.slice(0, 50)}: the role ${rule}.`,
    field: 'X-Hasura-Role',
  })
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined
}

import { type ReadingRole, readingRoles } from '@stipend/db'
import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose'

/** Who asks: a person in an organization. */
export interface Identity {
  readonly organizationId: string
  readonly role: ReadingRole
}

/** Whose tokens are taken: `iss`, `aud`, and the public keys, such as jose's createRemoteJWKSet(). */
export interface TokenSettings {
  readonly issuer: string
  readonly audience: string
  readonly keys: JWTVerifyGetKey
}

const namespace = 'https://hasura.io/jwt/claims'

/** Whom the bearer token names; null: nobody that may read. Throws where the issuer's keys cannot be had. */
export async function identify(
  header: string | undefined,
  settings: TokenSettings,
): Promise<Identity | null> {
  const token = /^Bearer (\S+)$/i.exec(header ?? '')?.[1]
  if (token === undefined) return null
  const { issuer, audience, keys } = settings
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['EdDSA', 'ES256', 'RS256'],
      requiredClaims: ['exp', 'sub'],
    })
    return identityOf(payload[namespace])
  } catch (error) {
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return null
    throw error
  }
}

function identityOf(claims: unknown): Identity | null {
  if (typeof claims !== 'object' || claims === null) return null
  const told = new Map<string, unknown>(Object.entries(claims))
  const organizationId = told.get('x-hasura-organization-id')
  const role = readingRoles.find((known) => known === told.get('x-hasura-default-role'))
  if (typeof organizationId !== 'string' || organizationId === '' || role === undefined) return null
  return { organizationId, role }
}

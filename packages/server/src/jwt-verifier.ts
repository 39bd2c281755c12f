import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'

/** Whose tokens are accepted. */
export interface JwtSettings {
  /** `iss` is one of these. */
  issuers: readonly string[]
  /** `aud` is, or has, this. */
  audience: string
  /** The only address that is asked for keys, or a function that has them. */
  keys: URL | JWTVerifyGetKey
}

/** `unchecked`: the issuer's keys could not be had. */
export type JwtCheck =
  | { outcome: 'verified'; payload: JWTPayload }
  | { outcome: 'invalid' | 'expired' | 'unchecked' }

export type VerifyJwt = (token: string) => Promise<JwtCheck>

/** Signatures by a public key alone: what verifies cannot sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const maxTokenLength = 8192
const clockToleranceSeconds = 10

/**
 * Verifies JWTs of an issuer: signature, issuer, audience, expiry; `sub`, `iat` and `exp` are required. Keys from an
 * address are kept 10 minutes and asked for again at most every 30 s. What a token says of its own keys is ignored.
 */
export function createJwtVerifier({ issuers, audience, keys }: JwtSettings): VerifyJwt {
  const getKey =
    keys instanceof URL
      ? createRemoteJWKSet(keys, { timeoutDuration: 5_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 })
      : keys
  return async (token) => {
    if (token.length > maxTokenLength) return { outcome: 'invalid' }
    try {
      const { payload } = await jwtVerify(token, getKey, {
        algorithms,
        issuer: [...issuers],
        audience,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'iat', 'sub'],
      })
      return { outcome: 'verified', payload }
    } catch (error) {
      return { outcome: failureOf(error) }
    }
  }
}

/** What the token is not to blame for is told apart: who sends it cannot mend it. */
function failureOf(error: unknown): 'invalid' | 'expired' | 'unchecked' {
  if (error instanceof errors.JWTExpired) return 'expired'
  const isKeys =
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    !(error instanceof errors.JOSEError) ||
    error.code === 'ERR_JOSE_GENERIC'
  return isKeys ? 'unchecked' : 'invalid'
}

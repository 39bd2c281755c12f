import { createJwtVerifier } from '@stipend/server'
import type { JWTPayload } from 'jose'
import { cleanText } from '../untrusted-text.ts'

/** Whose ID tokens are accepted. */
export interface IdTokenSettings {
  /** `iss` is one of these. */
  issuers: readonly string[]
  /** `aud`: the client id that the pages with the form sign in with. Without one no token is accepted. */
  audience?: string | undefined
  /** The only address that is asked for keys. */
  jwksUrl: URL
  /** Where people sign in and come back with an ID token (OpenID Connect's implicit flow). Without it the page offers none. */
  authorizationUrl?: URL | undefined
}

/** Google's, by its discovery document; the audience is the client id that Google gave. */
export const googleIdTokens: IdTokenSettings = {
  issuers: ['https://accounts.google.com', 'accounts.google.com'],
  jwksUrl: new URL('https://www.googleapis.com/oauth2/v3/certs'),
  authorizationUrl: new URL('https://accounts.google.com/o/oauth2/v2/auth'),
}

/** A person that an issuer vouches for. */
export interface Person {
  issuer: string
  subject: string
  name?: string
  email?: string
}

/** `unchecked`: the issuer's keys could not be had. */
export type TokenCheck =
  | { outcome: 'verified'; person: Person }
  | { outcome: 'invalid' | 'expired' | 'unchecked' }

export type VerifyIdToken = (token: string) => Promise<TokenCheck>

/** Verifies ID tokens by the issuer's keys. */
export function createIdTokenVerifier({ issuers, audience, jwksUrl }: IdTokenSettings): VerifyIdToken {
  if (audience === undefined) return async () => ({ outcome: 'invalid' })
  const verify = createJwtVerifier({ issuers, audience, keys: jwksUrl })
  return async (token) => {
    const check = await verify(token)
    if (check.outcome !== 'verified') return check
    const person = personOf(check.payload, audience)
    return person === null ? { outcome: 'invalid' } : { outcome: 'verified', person }
  }
}

function personOf(payload: JWTPayload, audience: string): Person | null {
  const { iss, sub, aud, azp } = payload
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '' || sub.length > 255) return null
  // A token for several clients is ours only if it was issued to us.
  if (Array.isArray(aud) && aud.length > 1 && azp !== audience) return null
  const name = claimText(payload['name'], 200)
  const email = payload['email_verified'] === false ? undefined : claimText(payload['email'], 320)
  return {
    issuer: iss,
    subject: sub,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  }
}

function claimText(claim: unknown, max: number): string | undefined {
  if (typeof claim !== 'string') return undefined
  const text = cleanText(claim).replaceAll(/\s+/g, ' ').slice(0, max).toWellFormed()
  return text === '' ? undefined : text
}

import { OAuth2Server } from 'oauth2-mock-server'
import type { FormSettings } from '../forms/settings.ts'
import { defaultFormSettings } from '../forms/settings.ts'

export const audience = 'form-page.example'

/** An OpenID Connect issuer on loopback. */
export interface Issuer extends AsyncDisposable {
  url: string
  /** Settings that accept its tokens. */
  settings(part?: Partial<FormSettings>): FormSettings
  /** A signed ID token; `claims` override what a good one has. */
  token(claims?: Record<string, unknown>, options?: { expiresIn?: number }): Promise<string>
}

export async function startIssuer(): Promise<Issuer> {
  const server = new OAuth2Server()
  await server.issuer.keys.generate('RS256')
  await server.start(0, '127.0.0.1')
  const { url = '' } = server.issuer
  return {
    url,
    settings: (part = {}) => ({
      ...defaultFormSettings,
      idTokens: {
        issuers: [url],
        audience,
        jwksUrl: new URL(`${url}/jwks`),
        authorizationUrl: new URL(`${url}/authorize`),
      },
      ...part,
    }),
    token: (claims = {}, { expiresIn = 600 } = {}) =>
      server.issuer.buildToken({
        expiresIn,
        scopesOrTransform: (_header, payload) => {
          Object.assign(payload, { aud: audience, sub: 'ada', ...claims })
        },
      }),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

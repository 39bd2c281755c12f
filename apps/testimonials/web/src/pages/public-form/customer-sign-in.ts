import type { PublicForm } from '../../api/api.generated.ts'
import { newKey } from '../../api/new-key.ts'

/** Where the issuer sends customers back to: one address for all forms, as issuers want it registered. */
export const returnPath = '/f/signed-in'

const tokenKey = 'customer-token'
const askedKey = 'customer-sign-in'

/** The ID token of the customer in this tab; null: not signed in. */
export const customerToken = (): string | null => sessionStorage.getItem(tokenKey)

export const forgetCustomer = (): void => sessionStorage.removeItem(tokenKey)

/** Headers of a request as the customer, if there is one. */
export function customerHeaders(): Record<string, string> {
  const token = customerToken()
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** Goes to the issuer's page, which leads back with an ID token (OpenID Connect Core 1.0, 3.2). */
export function signInCustomer(
  formId: string,
  { clientId, authorizationUrl }: NonNullable<PublicForm['signIn']>,
): void {
  if (authorizationUrl === null) return
  const asked = { formId, state: newKey(), nonce: newKey() }
  sessionStorage.setItem(askedKey, JSON.stringify(asked))
  const url = new URL(authorizationUrl)
  const query = {
    response_type: 'id_token',
    client_id: clientId,
    redirect_uri: new URL(returnPath, location.origin).href,
    scope: 'openid email profile',
    state: asked.state,
    nonce: asked.nonce,
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  location.assign(url)
}

/**
 * Takes the token out of the address that the issuer led back to, if it is the answer to what this tab asked; the server
 * checks whose it is. The form to go on with; null: it was not asked for here.
 */
export function takeCustomerToken(fragment: string): string | null {
  const answer = new URLSearchParams(fragment.replace(/^#/, ''))
  const asked = readAsked()
  sessionStorage.removeItem(askedKey)
  if (asked === null || answer.get('state') !== asked.state) return null
  const token = answer.get('id_token')
  if (token !== null && claimsOf(token)['nonce'] === asked.nonce) sessionStorage.setItem(tokenKey, token)
  return asked.formId
}

/** What the token says its customer is called; for the page alone. */
export function customerName(): string | null {
  const token = customerToken()
  if (token === null) return null
  const { name, email } = claimsOf(token)
  return [name, email].find((text): text is string => typeof text === 'string') ?? null
}

function readAsked(): { formId: string; state: string; nonce: string } | null {
  try {
    return JSON.parse(sessionStorage.getItem(askedKey) ?? 'null')
  } catch {
    return null
  }
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
      letter.charCodeAt(0),
    )
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return {}
  }
}

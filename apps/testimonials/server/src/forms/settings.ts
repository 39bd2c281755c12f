import { googleIdTokens, type IdTokenSettings } from '../identity/id-token.ts'
import { StartError } from '../start-error.ts'

/** What public forms allow to people without an account. */
export interface FormSettings {
  idTokens: IdTokenSettings
  /** How many proxies before the server add to X-Forwarded-For; 0: the header is not read. */
  trustedProxies: number
  /** Generations in 24 hours, each refinement one. */
  limits: FormLimits
}

export interface FormLimits {
  /** Per form and signed-in customer. */
  perCustomer: number
  /** Per form and address (IPv6: /64) of those not signed in. */
  perAddress: number
  /** Per form, all those not signed in together. */
  anonymousPerForm: number
  /** Texts sent in 24 hours per form and customer or address. */
  submissionsPerSender: number
}

export const defaultFormSettings: FormSettings = {
  idTokens: googleIdTokens,
  trustedProxies: 0,
  limits: { perCustomer: 4, perAddress: 4, anonymousPerForm: 100, submissionsPerSender: 20 },
}

/** Reads the settings out of an environment, by the names that README.md lists. @throws StartError */
export function formSettings(environment: Readonly<Record<string, string | undefined>>): FormSettings {
  const read = (name: string) => {
    const value = environment[name]?.trim()
    return value === '' ? undefined : value
  }
  const count = (name: string, fallback: number, min: number) => {
    const text = read(name)
    if (text === undefined) return fallback
    if (/^\d{1,6}$/.test(text) && Number(text) >= min) return Number(text)
    throw new StartError(`${name}=${text} is not a number: give one from ${min} to 999999.`)
  }
  const { limits, trustedProxies } = defaultFormSettings
  return {
    idTokens: idTokenSettings(read),
    trustedProxies: count('TRUSTED_PROXIES', trustedProxies, 0),
    limits: {
      perCustomer: count('FORM_LIMIT_PER_CUSTOMER', limits.perCustomer, 1),
      perAddress: count('FORM_LIMIT_PER_ADDRESS', limits.perAddress, 1),
      anonymousPerForm: count('FORM_LIMIT_ANONYMOUS', limits.anonymousPerForm, 1),
      submissionsPerSender: count('FORM_LIMIT_SUBMISSIONS', limits.submissionsPerSender, 1),
    },
  }
}

function idTokenSettings(read: (name: string) => string | undefined): IdTokenSettings {
  const audience = read('OIDC_AUDIENCE')
  const issuer = read('OIDC_ISSUER')
  const jwksUrl = read('OIDC_JWKS_URL')
  if (issuer === undefined && jwksUrl === undefined) return { ...googleIdTokens, audience }
  if (issuer === undefined || jwksUrl === undefined) {
    throw new StartError('OIDC_ISSUER and OIDC_JWKS_URL are of one issuer: set both, or neither for Google.')
  }
  if (!URL.canParse(jwksUrl) || !/^https?:$/.test(new URL(jwksUrl).protocol)) {
    throw new StartError('OIDC_JWKS_URL is not a URL such as https://issuer.example/jwks.json.')
  }
  const authorizationUrl = read('OIDC_AUTHORIZATION_URL')
  if (authorizationUrl !== undefined && !URL.canParse(authorizationUrl)) {
    throw new StartError('OIDC_AUTHORIZATION_URL is not a URL such as https://issuer.example/authorize.')
  }
  const page = authorizationUrl === undefined ? {} : { authorizationUrl: new URL(authorizationUrl) }
  return { issuers: [issuer], audience, jwksUrl: new URL(jwksUrl), ...page }
}

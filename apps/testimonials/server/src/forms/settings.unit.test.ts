import { describe, expect, it } from 'vitest'
import { googleIdTokens } from '../identity/id-token.ts'
import { StartError } from '../start-error.ts'
import { defaultFormSettings, formSettings } from './settings.ts'

describe('formSettings', () => {
  it('is Google without an audience and the limits of four, four and a hundred where nothing is set', () => {
    const settings = formSettings({ OIDC_ISSUER: ' ' })
    expect(settings).toEqual({
      ...defaultFormSettings,
      idTokens: { ...googleIdTokens, audience: undefined },
    })
    expect(settings.limits).toMatchObject({ perCustomer: 4, perAddress: 4, anonymousPerForm: 100 })
    expect(settings.trustedProxies).toBe(0)
  })

  it('takes what is set', () => {
    const settings = formSettings({
      OIDC_ISSUER: 'https://issuer.example',
      OIDC_AUDIENCE: 'shop',
      OIDC_JWKS_URL: 'https://issuer.example/keys',
      TRUSTED_PROXIES: '2',
      FORM_LIMIT_PER_CUSTOMER: '10',
      FORM_LIMIT_PER_ADDRESS: '1',
      FORM_LIMIT_ANONYMOUS: '50',
      FORM_LIMIT_SUBMISSIONS: '7',
    })
    expect(settings).toEqual({
      idTokens: {
        issuers: ['https://issuer.example'],
        audience: 'shop',
        jwksUrl: new URL('https://issuer.example/keys'),
      },
      trustedProxies: 2,
      limits: { perCustomer: 10, perAddress: 1, anonymousPerForm: 50, submissionsPerSender: 7 },
    })
  })

  it.each([
    [{ OIDC_ISSUER: 'https://issuer.example' }, 'set both'],
    [{ OIDC_ISSUER: 'https://issuer.example', OIDC_JWKS_URL: 'keys' }, 'not a URL'],
    [{ OIDC_ISSUER: 'https://issuer.example', OIDC_JWKS_URL: 'file:///etc/keys' }, 'not a URL'],
    [{ TRUSTED_PROXIES: '-1' }, 'TRUSTED_PROXIES=-1'],
    [{ FORM_LIMIT_PER_CUSTOMER: '0' }, 'from 1'],
    [{ FORM_LIMIT_ANONYMOUS: 'many' }, 'FORM_LIMIT_ANONYMOUS=many'],
  ])('says of %j what is wrong', (environment, message) => {
    expect(() => formSettings(environment)).toThrow(StartError)
    expect(() => formSettings(environment)).toThrow(message)
  })
})

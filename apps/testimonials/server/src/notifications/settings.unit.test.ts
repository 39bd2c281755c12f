import { expect, test } from 'vitest'
import { noticeSettings } from './settings.ts'

const read = (environment: Record<string, string>) => noticeSettings((name) => environment[name])

test('private addresses are refused unless it says otherwise; a key is long', () => {
  expect(read({})).toEqual({ allowPrivate: false, secretsKey: undefined })
  const key = 'x'.repeat(32)
  expect(read({ WEBHOOKS_ALLOW_PRIVATE: '1', SECRETS_KEY: key })).toEqual({
    allowPrivate: true,
    secretsKey: key,
  })
  expect(() => read({ WEBHOOKS_ALLOW_PRIVATE: 'yes' })).toThrow('WEBHOOKS_ALLOW_PRIVATE=yes')
  expect(() => read({ SECRETS_KEY: 'short' })).toThrow('openssl rand')
  try {
    read({ SECRETS_KEY: 'short-secret' })
  } catch (error) {
    expect(String(error)).not.toContain('short-secret')
  }
})

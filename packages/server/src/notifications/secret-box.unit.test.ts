import { expect, test } from 'vitest'
import { createSecretBox, SealedSecretError } from './secret-box.ts'

const key = 'a key of tests, long enough for all of them'
const secret = 'whsec_c2VjcmV0'

test('what is sealed opens with the same key at the same place, and nowhere else', () => {
  const box = createSecretBox(key)
  const sealed = box.seal(secret, 'webhook\nacme')
  expect(sealed).toMatch(/^sealed1:/)
  expect(sealed).not.toContain('c2VjcmV0')
  expect(box.seal(secret, 'webhook\nacme'), 'never the same twice').not.toBe(sealed)
  expect(createSecretBox(key).open(sealed, 'webhook\nacme')).toBe(secret)
  expect(() => box.open(sealed, 'webhook\nbell')).toThrow(SealedSecretError)
  expect(() => createSecretBox(`${key}.`).open(sealed, 'webhook\nacme')).toThrow(SealedSecretError)
  const changed = `${sealed.slice(0, -6)}${sealed.at(-6) === 'A' ? 'B' : 'A'}${sealed.slice(-5)}`
  expect(() => box.open(changed, 'webhook\nacme')).toThrow(SealedSecretError)
  expect(() => box.open('sealed1:AAAA', 'webhook\nacme')).toThrow(SealedSecretError)
  expect(() => createSecretBox(undefined).open(sealed, 'webhook\nacme')).toThrow(SealedSecretError)
})

test('what was stored without a key is read with one, and a short key is none', () => {
  expect(createSecretBox(undefined).seal(secret, 'x')).toBe(secret)
  expect(createSecretBox(undefined).open(secret, 'x')).toBe(secret)
  expect(createSecretBox(key).open(secret, 'x')).toBe(secret)
  expect(() => createSecretBox('short')).toThrow(RangeError)
})

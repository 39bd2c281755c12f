import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** Seals what is stored and must be read again: secrets that sign or open something elsewhere. */
export interface SecretBox {
  /** `place` (whose, and of what) is bound in: what is sealed for one place does not open for another. */
  seal(text: string, place: string): string
  /** What was stored without a key is answered as it is. @throws SealedSecretError */
  open(stored: string, place: string): string
}

/** A stored secret does not open: no key is set, or another one than it was sealed with. */
export class SealedSecretError extends Error {
  constructor(options?: ErrorOptions) {
    super('A stored secret does not open with the secretsKey that is set.', options)
    this.name = 'SealedSecretError'
  }
}

const prefix = 'sealed1:'
const cipher = 'aes-256-gcm'
const ivBytes = 12
const tagBytes = 16
const shortestKey = 32

/** Without a key nothing is sealed. @throws RangeError for a key of fewer than 32 characters */
export function createSecretBox(secretsKey: string | undefined): SecretBox {
  if (secretsKey === undefined) return { seal: (text) => text, open: openPlain }
  if (secretsKey.length < shortestKey) {
    throw new RangeError(`secretsKey must have ${shortestKey} random characters or more.`)
  }
  const key = Buffer.from(hkdfSync('sha256', secretsKey, '', 'stipend notification secrets', 32))
  return {
    seal: (text, place) => {
      const iv = randomBytes(ivBytes)
      const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(place))
      const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()])
      return `${prefix}${Buffer.concat([iv, sealing.getAuthTag(), sealed]).toString('base64')}`
    },
    open: (stored, place) => {
      if (!stored.startsWith(prefix)) return stored
      const bytes = Buffer.from(stored.slice(prefix.length), 'base64')
      const iv = bytes.subarray(0, ivBytes)
      try {
        const opening = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes })
          .setAAD(Buffer.from(place))
          .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
        return opening.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + opening.final('utf8')
      } catch (error) {
        throw new SealedSecretError({ cause: error })
      }
    },
  }
}

function openPlain(stored: string): string {
  if (stored.startsWith(prefix)) throw new SealedSecretError()
  return stored
}

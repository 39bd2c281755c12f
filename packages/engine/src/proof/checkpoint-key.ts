import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK } from 'jose'
import { invalid } from '../errors.ts'

/** An Ed25519 key that checkpoints and receipts are signed with. Its private half stays outside the database. */
export interface CheckpointKey {
  /** RFC 7638 thumbprint of the public key. */
  readonly keyId: string
  /** SPKI DER in base64, a line: what verifiers are given. */
  readonly publicKey: string
  /** null: it can verify only. */
  readonly sign: ((payload: object, type: string) => Promise<string>) | null
  readonly verifyingKey: KeyObject
}

const rule =
  'must be an Ed25519 key: PEM, or its base64 in one line, as `stipend keys create` and `openssl genpkey -algorithm ed25519` make it'

/** A private key: PKCS#8 as PEM or base64. @throws StipendError invalid_request */
export async function readCheckpointKey(
  text: string,
  field = 'STIPEND_CHECKPOINT_KEY',
): Promise<CheckpointKey> {
  const key = parse(field, text, 'PRIVATE KEY', createPrivateKey)
  const publicKey = await readPublicKey(createPublicKey(key))
  return {
    ...publicKey,
    sign: (payload, type) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: publicKey.keyId })
        .sign(key),
  }
}

/** A public key: SPKI as PEM or base64. @throws StipendError invalid_request */
export async function readCheckpointPublicKey(text: string, field = 'publicKey'): Promise<CheckpointKey> {
  return await readPublicKey(parse(field, text, 'PUBLIC KEY', createPublicKey))
}

/** A new pair, each as base64 in one line. */
export function createCheckpointKey(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }
}

/** The payload of a token that one of the keys has signed; null: none has. */
export async function readToken(
  token: string,
  keys: readonly CheckpointKey[],
  type: string,
): Promise<{ payload: unknown; keyId: string } | null> {
  for (const key of keys) {
    try {
      const { payload, protectedHeader } = await compactVerify(token, key.verifyingKey, {
        algorithms: ['EdDSA'],
      })
      if (protectedHeader.typ !== type) continue
      return { payload: JSON.parse(new TextDecoder().decode(payload)), keyId: key.keyId }
    } catch {
      // Another key may have signed it.
    }
  }
  return null
}

async function readPublicKey(key: KeyObject): Promise<CheckpointKey> {
  return {
    keyId: await calculateJwkThumbprint(await exportJWK(key)),
    publicKey: key.export({ type: 'spki', format: 'der' }).toString('base64'),
    sign: null,
    verifyingKey: key,
  }
}

function parse(
  field: string,
  text: string,
  label: 'PRIVATE KEY' | 'PUBLIC KEY',
  read: (pem: string) => KeyObject,
): KeyObject {
  const body = text.trim().replaceAll('\\n', '\n')
  const pem = body.startsWith('-----') ? body : `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`
  let key: KeyObject
  try {
    key = read(pem)
  } catch {
    throw invalid(field, rule)
  }
  if (key.asymmetricKeyType !== 'ed25519') throw invalid(field, rule)
  return key
}

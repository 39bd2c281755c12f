import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type CheckpointKey, createCheckpointKey, readCheckpointKey } from '@stipend/engine'
import { StartError } from '../start-error.ts'

/** Of people's sign-in. */
export interface SignInSettings {
  /** Where browsers reach this server, without a path. Default: the address it listens at. */
  baseUrl?: URL | undefined
  /** Where the pages are that links lead to. Default: baseUrl. */
  frontendUrl?: URL | undefined
  /** Signs cookies and seals keys, at least 32 characters. Needed with a database of one's own. */
  secret?: string | undefined
  /** Sign-in with Google, where both are set. */
  google?: { clientId: string; clientSecret: string } | undefined
  /** Verified addresses of the platform's operators, in small letters. */
  operatorEmails: readonly string[]
}

export const defaultSignInSettings: SignInSettings = { operatorEmails: [] }

const shortestSecret = 32

/** Reads the settings by the names that README.md lists. @throws StartError */
export function signInSettings(read: (name: string) => string | undefined): SignInSettings {
  return {
    baseUrl: readOrigin('BASE_URL', read('BASE_URL')),
    frontendUrl: readOrigin('FRONTEND_URL', read('FRONTEND_URL')),
    secret: readSecret(read),
    google: readGoogle(read('GOOGLE_CLIENT_ID'), read('GOOGLE_CLIENT_SECRET')),
    operatorEmails: readAddresses(read('OPERATOR_EMAILS')),
  }
}

function readOrigin(name: string, text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw new StartError(`${name} is not an address such as https://app.example, without a path.`)
  }
  return url
}

function readSecret(read: (name: string) => string | undefined): string | undefined {
  const secret = read('AUTH_SECRET')
  if (secret === undefined && read('DATABASE_URL') !== undefined) {
    throw new StartError(
      'DATABASE_URL needs AUTH_SECRET, which signs the cookies of those who sign in: 32 random characters or more, the same for all servers of one database.\nMake one with: openssl rand -base64 32',
    )
  }
  if (secret !== undefined && secret.length < shortestSecret) {
    throw new StartError(`AUTH_SECRET is shorter than ${shortestSecret} characters: openssl rand -base64 32`)
  }
  return secret
}

function readGoogle(clientId: string | undefined, clientSecret: string | undefined) {
  if (clientId === undefined && clientSecret === undefined) return undefined
  if (clientId === undefined || clientSecret === undefined) {
    throw new StartError('GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are of one client: set both, or neither.')
  }
  return { clientId, clientSecret }
}

function readAddresses(text: string | undefined): string[] {
  const addresses = (text ?? '')
    .split(',')
    .map((address) => address.trim().toLowerCase())
    .filter((address) => address !== '')
  const wrong = addresses.find((address) => !/^[^\s@<>]+@[^\s@<>]+$/.test(address))
  if (wrong !== undefined) {
    throw new StartError(
      'OPERATOR_EMAILS is not a list of addresses such as ada@your.example,ben@your.example.',
    )
  }
  return addresses
}

/** The secret kept beside the embedded database; made at the first start, whole or not at all. */
export async function keptSecret(path: string): Promise<string> {
  const kept = await keptText(path, () => randomBytes(32).toString('base64url'))
  if (kept.length >= shortestSecret) return kept
  throw new StartError(`${path} holds no secret: delete it, and everybody signs in anew.`)
}

/** The key that checkpoints of the embedded database's ledger are signed with. */
export async function keptCheckpointKey(path: string): Promise<CheckpointKey> {
  const kept = await keptText(path, () => createCheckpointKey().privateKey)
  return await readCheckpointKey(kept).catch(() => {
    throw new StartError(`${path} holds no key: delete it, and checkpoints are signed with a new one.`)
  })
}

async function keptText(path: string, make: () => string): Promise<string> {
  const known = await readKept(path)
  if (known !== '') return known
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${make()}\n`, { mode: 0o600 })
  // Of two that start at once the first one's stands.
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return await readKept(path)
}

async function readKept(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.trim()
}

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type ApiKeyScope, apiKeyScopes, type Engine } from '@stipend/engine'
import { z } from 'zod'

/** What a newcomer and tools need to call the demo; kept in a file that only its owner reads. */
export interface DemoCredentials {
  url: string
  organizationId: string
  apiKey: string
  platformKey: string
}

const kept = z.object({ apiKey: z.string(), platformKey: z.string() }).partial()
const demoScopes: readonly ApiKeyScope[] = ['ai:run', 'credits:read', 'reservations:write', 'admin']

/** The demo's keys: those of the file where this database still knows them, else new ones. */
export async function putDemoCredentials(
  engine: Pick<Engine, 'verifyApiKey' | 'createApiKey'>,
  path: string,
  { url, organizationId }: { url: string; organizationId: string },
): Promise<DemoCredentials> {
  const known = await readKept(path)
  const credentials: DemoCredentials = {
    url,
    organizationId,
    apiKey:
      (await stillValid(engine, known.apiKey, organizationId)) ??
      (await engine.createApiKey({ organizationId, name: 'Demo', scopes: demoScopes })).secret,
    platformKey:
      (await stillValid(engine, known.platformKey, null)) ??
      (await engine.createApiKey({ organizationId: null, name: 'Demo platform', scopes: apiKeyScopes }))
        .secret,
  }
  await write(path, credentials)
  return credentials
}

async function stillValid(
  engine: Pick<Engine, 'verifyApiKey'>,
  secret: string | undefined,
  organizationId: string | null,
): Promise<string | undefined> {
  if (secret === undefined) return undefined
  const apiKey = await engine.verifyApiKey(secret)
  return apiKey !== null && apiKey.organizationId === organizationId ? secret : undefined
}

async function readKept(path: string): Promise<z.infer<typeof kept>> {
  try {
    return kept.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // Missing or damaged: new keys are made.
    return {}
  }
}

/** Whole or not at all, and never readable to others. */
async function write(path: string, credentials: DemoCredentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}

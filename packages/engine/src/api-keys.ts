import { hash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { v7 as uuid } from 'uuid'
import { queryRow, queryRows } from './database.ts'
import { invalid } from './errors.ts'
import { readAsOperator, readAsOrganization } from './reading.ts'
import { isUuid, requireOneOf, requireText } from './validate.ts'

export const apiKeyScopes = [
  'ai:run',
  'credits:read',
  'reservations:write',
  'billing:write',
  'admin',
] as const
export type ApiKeyScope = (typeof apiKeyScopes)[number]

/** A key without its secret. `organizationId` null: a platform key, which acts for any organization. */
export interface ApiKey {
  id: string
  organizationId: string | null
  name: string
  /** First characters, to tell keys apart. */
  prefix: string
  scopes: readonly ApiKeyScope[]
  createdBy: string | null
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
  lastUsedAt: Date | null
}

export interface CreateApiKeyInput {
  organizationId: string | null
  name: string
  scopes: readonly ApiKeyScope[]
  createdBy?: string | undefined
  expiresAt?: Date | undefined
}

interface ApiKeyRow {
  id: string
  organization_id: string | null
  name: string
  prefix: string
  scopes: ApiKeyScope[]
  created_by: string | null
  created_at: Date
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
}

const columns =
  'id, organization_id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, last_used_at'

function apiKeyOf(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }
}

/** Creates a key of 256 random bits; the secret is shown this once, its sha256 is stored. */
export async function createApiKey(
  pool: Pool,
  input: CreateApiKeyInput,
): Promise<{ apiKey: ApiKey; secret: string }> {
  if (input.scopes.length === 0)
    throw invalid('scopes', `must name at least one of ${apiKeyScopes.join(', ')}`)
  for (const scope of input.scopes) requireOneOf('scopes', scope, apiKeyScopes)
  if (input.expiresAt !== undefined && input.expiresAt.getTime() <= Date.now()) {
    throw invalid('expiresAt', 'must lie in the future')
  }
  const kind = input.organizationId === null ? 'sp_platform' : 'sp_live'
  const secret = `${kind}_${randomBytes(32).toString('base64url')}`
  const apiKey = {
    id: uuid(),
    organizationId: input.organizationId,
    name: requireText('name', input.name, 100),
    prefix: secret.slice(0, kind.length + 5),
    scopes: [...new Set(input.scopes)],
    createdBy: input.createdBy ?? null,
    expiresAt: input.expiresAt ?? null,
  }
  const { created_at: createdAt } = await queryRow<{ created_at: Date }>(
    pool,
    `select stipend.create_api_key($1::uuid, $2::text, $3::text, $4::text, $5::bytea, $6::text[], $7::text,
       $8::timestamptz) as created_at`,
    [
      apiKey.id,
      apiKey.organizationId,
      apiKey.name,
      apiKey.prefix,
      hash('sha256', secret, 'buffer'),
      apiKey.scopes,
      apiKey.createdBy,
      apiKey.expiresAt,
    ],
  )
  return { apiKey: { ...apiKey, createdAt, revokedAt: null, lastUsedAt: null }, secret }
}

/** The key of a secret, unless revoked or expired. Looked up by its hash, so timing tells nothing of stored keys. */
export async function verifyApiKey(pool: Pool, secret: string): Promise<ApiKey | null> {
  if (!/^sp_(live|platform)_[\w-]{43}$/.test(secret)) return null
  const [row] = await queryRows<ApiKeyRow>(pool, 'select * from stipend.verify_api_key($1::bytea)', [
    hash('sha256', secret, 'buffer'),
  ])
  return row === undefined ? null : apiKeyOf(row)
}

/** An organization's keys (null: platform keys), newest first, revoked ones too. */
export async function listApiKeys(pool: Pool, organizationId: string | null): Promise<ApiKey[]> {
  const text = `select ${columns} from stipend.api_keys where organization_id is not distinct from $1::text
    order by id desc`
  const rows =
    organizationId === null
      ? await readAsOperator<ApiKeyRow>(pool, text, [organizationId])
      : await readAsOrganization<ApiKeyRow>(pool, organizationId, text, [organizationId])
  return rows.map(apiKeyOf)
}

/** Ends a key at once; whether there was such a key. */
export async function revokeApiKey(pool: Pool, organizationId: string | null, id: string): Promise<boolean> {
  if (!isUuid(id)) return false
  const { found } = await queryRow<{ found: boolean }>(
    pool,
    'select stipend.revoke_api_key($1::text, $2::uuid) as found',
    [organizationId, id],
  )
  return found
}

import { hash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { v7 as uuid } from 'uuid'
import { queryRow, queryRows } from './database.ts'
import { invalid } from './errors.ts'
import { requireOrganization } from './transactions.ts'
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
  if (input.organizationId !== null) await requireOrganization(pool, input.organizationId)
  const kind = input.organizationId === null ? 'sp_platform' : 'sp_live'
  const secret = `${kind}_${randomBytes(32).toString('base64url')}`
  const row = await queryRow<ApiKeyRow>(
    pool,
    `insert into stipend.api_keys (id, organization_id, name, prefix, hash, scopes, created_by, expires_at)
     values ($1::uuid, $2::text, $3::text, $4::text, $5::bytea, $6::text[], $7::text, $8::timestamptz)
     returning ${columns}`,
    [
      uuid(),
      input.organizationId,
      requireText('name', input.name, 100),
      secret.slice(0, kind.length + 5),
      hash('sha256', secret, 'buffer'),
      [...new Set(input.scopes)],
      input.createdBy ?? null,
      input.expiresAt ?? null,
    ],
  )
  return { apiKey: apiKeyOf(row), secret }
}

/** The key of a secret, unless revoked or expired. Looked up by its hash, so timing tells nothing of stored keys. */
export async function verifyApiKey(pool: Pool, secret: string): Promise<ApiKey | null> {
  if (!/^sp_(live|platform)_[\w-]{43}$/.test(secret)) return null
  const [row] = await queryRows<ApiKeyRow>(
    pool,
    `select ${columns} from stipend.api_keys
     where hash = $1::bytea and revoked_at is null and (expires_at is null or expires_at > now())`,
    [hash('sha256', secret, 'buffer')],
  )
  if (row === undefined) return null
  if (row.last_used_at === null || Date.now() - row.last_used_at.getTime() > 60_000) {
    await queryRows(pool, 'update stipend.api_keys set last_used_at = now() where id = $1::uuid', [row.id])
  }
  return apiKeyOf(row)
}

/** An organization's keys (null: platform keys), newest first, revoked ones too. */
export async function listApiKeys(pool: Pool, organizationId: string | null): Promise<ApiKey[]> {
  const rows = await queryRows<ApiKeyRow>(
    pool,
    `select ${columns} from stipend.api_keys where organization_id is not distinct from $1::text order by id desc`,
    [organizationId],
  )
  return rows.map(apiKeyOf)
}

/** Ends a key at once; whether there was such a key. */
export async function revokeApiKey(pool: Pool, organizationId: string | null, id: string): Promise<boolean> {
  if (!isUuid(id)) return false
  const rows = await queryRows(
    pool,
    `update stipend.api_keys set revoked_at = coalesce(revoked_at, now())
     where id = $1::uuid and organization_id is not distinct from $2::text returning id`,
    [id, organizationId],
  )
  return rows.length > 0
}

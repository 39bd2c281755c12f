import { hash } from 'node:crypto'
import { errorOf, toStipendError } from '@stipend/engine'
import type { Context, Next } from 'hono'
import type { Pool } from 'pg'
import type { StipendEnv } from './context.ts'
import { requireHeaderText } from './schemas.ts'

/** The header `Idempotency-Key`, 1 to 200 characters, if there is one. */
export function idempotencyKeyOf(c: Context): string | undefined {
  return requireHeaderText('Idempotency-Key', c.req.header('idempotency-key'), 'optional')
}

interface Claim {
  is_ours: boolean
  /** Of who came first; null where that has just given the key up. */
  parameter_hash: Buffer | null
  status: number | null
  body: unknown
}

/** Namespace of requests that act for no organization; no organization's id is empty. */
const platformNamespace = ''

/** The platform's keys for an organization are not the organization's: no key has a line break. */
const platformPrefix = 'platform\n'

/** Not kept: a later try may find it otherwise. */
const passing: ReadonlySet<number> = new Set([409, 429])

/**
 * Runs a request once per key: the same key and request get the first answer again for 48 hours, another request
 * idempotency_mismatch, a request that is still running request_in_flight. Without a key it just runs.
 */
export async function keepFirstAnswer(
  c: Context<StipendEnv>,
  next: Next,
  mode: 'kept' | 'kept_without_secret',
): Promise<Response | undefined> {
  const key = idempotencyKeyOf(c)
  if (key === undefined) {
    await next()
    return undefined
  }
  const { database, organizationId, principal } = c.var
  const namespace = organizationId ?? platformNamespace
  const stored = principal.organizationId === null ? `${platformPrefix}${key}` : key
  const body = await c.req.text()
  const digest = hash('sha256', JSON.stringify([c.req.method, c.req.path, body]), 'buffer')
  const claim = await claimRequest(database, namespace, stored, digest)
  if (!claim.is_ours) return replay(claim, digest)
  await next()
  try {
    await keep(c.res.clone(), database, namespace, stored, mode)
  } catch (error) {
    // The effect stands and its answer is given; the record counts as running until it may be taken over.
    c.var.logger?.error({ requestId: c.var.requestId, code: toStipendError(error).code }, 'answer not kept')
  }
  return undefined
}

async function claimRequest(database: Pool, namespace: string, key: string, digest: Buffer): Promise<Claim> {
  const [claim] = await query<Claim>(
    database,
    'select * from stipend.claim_request($1::text, $2::text, $3::bytea)',
    [namespace, key, digest],
  )
  if (claim === undefined) throw errorOf('internal')
  return claim
}

function replay(first: Claim, digest: Buffer): Response {
  if (first.parameter_hash?.equals(digest) === false) throw errorOf('idempotency_mismatch')
  if (first.status === null) throw errorOf('request_in_flight', { retryAfterMs: 1_000 })
  const contentType = first.status < 400 ? 'application/json' : 'application/problem+json'
  const body = first.status < 400 ? replayed(first.body) : first.body
  return new Response(JSON.stringify(body), {
    status: first.status,
    headers: { 'content-type': contentType, 'idempotency-replayed': 'true' },
  })
}

function replayed(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'replayed' in body ? { ...body, replayed: true } : body
}

async function keep(
  answer: Response,
  database: Pool,
  namespace: string,
  key: string,
  mode: 'kept' | 'kept_without_secret',
): Promise<void> {
  const isKept = answer.status < 500 && !passing.has(answer.status)
  const body: unknown = isKept ? await answer.json() : null
  await query(database, 'select stipend.finish_request($1::text, $2::text, $3::integer, $4::jsonb)', [
    namespace,
    key,
    isKept ? answer.status : null,
    JSON.stringify(mode === 'kept' ? body : withoutSecret(body)),
  ])
}

function withoutSecret(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('secret' in body)) return body
  return { ...body, secret: null, notice: 'The secret was shown once, in the first answer to this key.' }
}

async function query<Row extends object>(
  database: Pool,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return (await database.query<Row & Record<string, unknown>>(text, [...values])).rows
  } catch (error) {
    throw toStipendError(error)
  }
}

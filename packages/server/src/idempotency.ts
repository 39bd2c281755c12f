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

interface FirstAnswer {
  parameter_hash: Buffer
  status: number | null
  body: unknown
}

/** Namespace of requests that act for no organization; no organization's id is empty. */
const platformNamespace = ''

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
  const { database, organizationId } = c.var
  const namespace = organizationId ?? platformNamespace
  const body = await c.req.text()
  const digest = hash('sha256', JSON.stringify([c.req.method, c.req.path, body]), 'buffer')
  if (!(await claim(database, namespace, key, digest))) {
    return replay(await find(database, namespace, key), digest)
  }
  await next()
  try {
    await keep(c.res.clone(), database, namespace, key, mode)
  } catch (error) {
    // The effect stands and its answer is given; the record counts as running until it may be taken over.
    c.var.logger?.error({ requestId: c.var.requestId, code: toStipendError(error).code }, 'answer not kept')
  }
  return undefined
}

/** A record that ran out, or whose server ended before it answered, is taken over. */
async function claim(database: Pool, namespace: string, key: string, digest: Buffer): Promise<boolean> {
  const rows = await query(
    database,
    `insert into stipend.idempotency_records as r (organization_id, key, parameter_hash)
     values ($1::text, $2::text, $3::bytea)
     on conflict (organization_id, key) do update
     set parameter_hash = excluded.parameter_hash, status = null, body = null, created_at = clock_timestamp()
     where r.created_at < clock_timestamp() - interval '48 hours'
       or (r.status is null and r.parameter_hash = excluded.parameter_hash
         and r.created_at < clock_timestamp() - interval '5 minutes')
     returning key`,
    [namespace, key, digest],
  )
  return rows.length > 0
}

async function find(database: Pool, namespace: string, key: string): Promise<FirstAnswer | undefined> {
  const [row] = await query<FirstAnswer>(
    database,
    `select parameter_hash, status, body from stipend.idempotency_records
     where organization_id = $1::text and key = $2::text`,
    [namespace, key],
  )
  return row
}

function replay(first: FirstAnswer | undefined, digest: Buffer): Response {
  if (first !== undefined && !digest.equals(first.parameter_hash)) throw errorOf('idempotency_mismatch')
  if (first === undefined || first.status === null)
    throw errorOf('request_in_flight', { retryAfterMs: 1_000 })
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
  if (answer.status >= 500 || passing.has(answer.status)) {
    await query(
      database,
      `delete from stipend.idempotency_records
       where organization_id = $1::text and key = $2::text and status is null`,
      [namespace, key],
    )
    return
  }
  const body: unknown = await answer.json()
  await query(
    database,
    `update stipend.idempotency_records set status = $3::integer, body = $4::jsonb
     where organization_id = $1::text and key = $2::text and status is null`,
    [namespace, key, answer.status, JSON.stringify(mode === 'kept' ? body : withoutSecret(body))],
  )
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

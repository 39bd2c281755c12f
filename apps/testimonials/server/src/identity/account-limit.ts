import { createHash } from 'node:crypto'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import type { Pool } from 'pg'

/** Wrong passwords for one address in a row, from wherever they come; a new password by mail ends the wait. */
const mostTries = 20
const windowMs = 15 * 60 * 1000

const signInPath = '/sign-in/email'

/**
 * Limits by client address do not stop somebody with many of them, so tries are counted for the account as well, and
 * the same for addresses that have none. Hooks of better-auth, and what forgets the tries of an address.
 */
export function createAccountLimit(database: Pool) {
  const forget = async (email: string) => {
    await database.query('delete from auth.counters where key = $1::text', [keyOf(email)])
  }
  const before = createAuthMiddleware(async (ctx) => {
    const email = emailOf(ctx)
    if (email === null) return
    const { count, waitMs } = await countTry(database, keyOf(email))
    if (count <= mostTries) return
    const message = 'Too many wrong passwords for this address. Wait, or ask for a new password by mail.'
    const seconds = Math.max(1, Math.ceil(waitMs / 1000))
    throw new APIError(
      'TOO_MANY_REQUESTS',
      { code: 'TOO_MANY_TRIES', message },
      { 'retry-after': String(seconds) },
    )
  })
  const after = createAuthMiddleware(async (ctx) => {
    const email = emailOf(ctx)
    if (email !== null && ctx.context.newSession !== null) await forget(email)
  })
  return { hooks: { before, after }, forget }
}

function emailOf({ path, body }: { path?: string; body?: unknown }): string | null {
  if (path !== signInPath || typeof body !== 'object' || body === null || !('email' in body)) return null
  return typeof body.email === 'string' ? body.email : null
}

/** No address is kept. */
const keyOf = (email: string): string =>
  `account|${createHash('sha256').update(email.trim().toLowerCase()).digest('base64url')}`

/** Counts before the password is looked at, so that tries at the same moment count as well; none while it waits. */
async function countTry(database: Pool, key: string): Promise<{ count: number; waitMs: number }> {
  const now = Date.now()
  const { rows } = await database.query<{ count: number; last: string }>(
    `insert into auth.counters as known (key, count, last_request) values ($1::text, 1, $2::bigint)
     on conflict (key) do update set
       count = case when known.last_request < $3::bigint then 1 else least(known.count, $4::integer) + 1 end,
       last_request = case
         when known.last_request >= $3::bigint and known.count >= $4::integer then known.last_request
         else $2::bigint
       end
     returning count, last_request as last`,
    [key, now, now - windowMs, mostTries],
  )
  const [row] = rows
  return { count: row?.count ?? 1, waitMs: Number(row?.last ?? now) + windowMs - now }
}

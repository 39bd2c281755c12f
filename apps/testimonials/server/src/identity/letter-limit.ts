import { createHash } from 'node:crypto'
import type { Pool } from 'pg'

const mostLetters = 8
const windowMs = 60 * 60 * 1000

/** Whether an address may get one more letter: 8 an hour, whoever asks for them. No address is kept. */
export function letterLimit(database: Pool): (address: string) => Promise<boolean> {
  return async (address) => {
    const key = `letters|${createHash('sha256').update(address.trim().toLowerCase()).digest('base64url')}`
    const now = Date.now()
    const { rows } = await database.query<{ count: number }>(
      `insert into auth.counters as known (key, count, last_request) values ($1::text, 1, $2::bigint)
       on conflict (key) do update set
         count = case when known.last_request < $3::bigint then 1 else least(known.count, $4::integer) + 1 end,
         last_request = case when known.last_request < $3::bigint then $2::bigint else known.last_request end
       returning count`,
      [key, now, now - windowMs, mostLetters],
    )
    return (rows[0]?.count ?? 1) <= mostLetters
  }
}

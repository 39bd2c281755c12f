import type { Pool } from 'pg'
import { query } from './query.ts'

/** The key of customers' and addresses' digests, the same for all servers of one database; read once. */
export function createDigestKey(pool: Pool): () => Promise<Buffer> {
  let reading: Promise<Buffer> | null = null
  const read = async () => {
    const [row] = await query<{ secret: Buffer }>(
      pool,
      'select secret from testimonials.digest_keys where name = $1::text',
      ['customer'],
    )
    if (row === undefined) throw new Error('testimonials.digest_keys has no key: migrate up.')
    return row.secret
  }
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = null
      throw error
    })
    return reading
  }
}

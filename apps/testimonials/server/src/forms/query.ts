import { errorOf, invalid, toStipendError } from '@stipend/engine'
import { DatabaseError, type Pool, type PoolClient, type QueryResultRow } from 'pg'

/** Rows of one statement. @throws StipendError */
export async function query<Row extends QueryResultRow>(
  connection: Pool | PoolClient,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return (await connection.query<Row>(text, [...values])).rows
  } catch (error) {
    if (namesRemovedForm(error)) throw errorOf('not_found', { message: 'No such form.' })
    throw toStipendError(error)
  }
}

/** The form was there when the request began. */
function namesRemovedForm(error: unknown): boolean {
  const isForeignKey = error instanceof DatabaseError && error.code === '23503'
  return isForeignKey && error.constraint?.includes('form_id') === true
}

/** Runs `work` in one transaction. @throws StipendError, and whatever `work` throws */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStipendError(error)
  })
  let isBroken = false
  try {
    await query(client, 'begin', [])
    const result = await work(client)
    await query(client, 'commit', [])
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {
      isBroken = true
    })
    throw error
  } finally {
    client.release(isBroken)
  }
}

/** One page of a list, newest first. */
export interface Page<Item> {
  items: Item[]
  /** For the next page; null at the end. */
  nextCursor: string | null
}

export interface PageInput {
  limit: number
  cursor?: string | undefined
}

/** The page out of rows of which one more was asked for than the page holds. */
export function pageOf<Item extends { id: string }>(items: Item[], limit: number): Page<Item> {
  const page = items.slice(0, limit)
  return { items: page, nextCursor: items.length > limit ? (page.at(-1)?.id ?? null) : null }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text has the form of an id here; ids of any other form are unknown. */
export const isId = (text: string): boolean => uuid.test(text)

/** The cursor as it was handed out. @throws InvalidRequestError */
export function requireCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null
  if (!isId(cursor)) throw invalid('cursor', 'must be the nextCursor of an earlier page')
  return cursor
}

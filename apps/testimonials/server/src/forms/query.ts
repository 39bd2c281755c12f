import { errorOf, invalid, toStipendError, withOrganization } from '@stipend/engine'
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

/** Rows of one statement on an organization's own, under row level security. @throws StipendError */
export async function queryIn<Row extends QueryResultRow>(
  pool: Pool,
  organizationId: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  return await withOrganization(pool, organizationId, (client) => query<Row>(client, text, values))
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

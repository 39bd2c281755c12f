import type { Pool, PoolClient, QueryResultRow } from 'pg'
import { toStipendError } from './database-error.ts'

/** Rows of one statement. @throws StipendError: a function's refusal, `database_unavailable`, else `internal`. */
export async function queryRows<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    const result = await pool.query<Row>(text, [...values])
    return result.rows
  } catch (error) {
    throw toStipendError(error)
  }
}

/** The only row of a statement that always answers one. */
export async function queryRow<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row> {
  const [row] = await queryRows<Row>(pool, text, values)
  if (row === undefined) throw toStipendError(new Error('The statement answered no row.'))
  return row
}

/**
 * A connection that breaks while no statement runs on it, idle in the pool or between two statements of a transaction,
 * would otherwise end the process. The next statement on it fails, and the pool opens another one.
 */
export function surviveBrokenConnections(pool: Pool): void {
  if (surviving.has(pool)) return
  surviving.add(pool)
  const known = new WeakSet<PoolClient>()
  const listen = (client: PoolClient) => {
    if (known.has(client)) return
    known.add(client)
    client.on('error', () => undefined)
  }
  if (pool.listenerCount('error') === 0) pool.on('error', () => undefined)
  pool.on('connect', listen)
  pool.on('acquire', listen)
}

const surviving = new WeakSet<Pool>()

import type { Pool, QueryResultRow } from 'pg'
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

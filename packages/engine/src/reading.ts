import { escapeLiteral, type Pool, type PoolClient, type QueryResultRow } from 'pg'
import { toStipendError } from './database-error.ts'
import { requireText } from './validate.ts'

/**
 * Rows of one statement that reads what is an organization's, under row level security: of another's it finds none,
 * whatever it asks for. @throws StipendError
 */
export async function readAsOrganization<Row extends QueryResultRow>(
  pool: Pool,
  organizationId: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return await inOneTransaction(pool, `begin read only; ${actAs(organizationId)}`, (client) =>
    rowsOf<Row>(client, text, values),
  )
}

/**
 * Rows of one statement that reads all organizations: for operators and jobs. PostgreSQL breaks it off after
 * `timeoutMs`. @throws StipendError
 */
export async function readAsOperator<Row extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: readonly unknown[] = [],
  { timeoutMs }: { timeoutMs?: number } = {},
): Promise<Row[]> {
  const limit = timeoutMs === undefined ? '' : `; set local statement_timeout = ${Math.ceil(timeoutMs)}`
  return await inOneTransaction(pool, `begin read only; set local role stipend_operator${limit}`, (client) =>
    rowsOf<Row>(client, text, values),
  )
}

/**
 * Runs `work` in one transaction as stipend_tenant under row level security of an organization: for a host's own tables
 * as well, once it has granted them to that role. @throws StipendError, and whatever `work` throws
 */
export async function withOrganization<Result>(
  pool: Pool,
  organizationId: string,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  return await inOneTransaction(pool, `begin; ${actAs(organizationId)}`, work)
}

/** Both end with the transaction, so that a pooler's connection keeps nothing of it. */
function actAs(organizationId: string): string {
  const id = escapeLiteral(requireText('organizationId', organizationId))
  return `set local role stipend_tenant; set local stipend.organization_id = ${id}`
}

async function inOneTransaction<Result>(
  pool: Pool,
  beginning: string,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStipendError(error)
  })
  let isBroken = false
  try {
    await rowsOf(client, beginning, [])
    const result = await work(client)
    await rowsOf(client, 'commit', [])
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

async function rowsOf<Row extends QueryResultRow>(
  client: PoolClient,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return (await client.query<Row>(text, [...values])).rows
  } catch (error) {
    throw toStipendError(error)
  }
}

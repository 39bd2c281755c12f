import { randomBytes } from 'node:crypto'
import { Client, Pool, type PoolClient } from 'pg'
import { inject } from 'vitest'
import { databaseUrl, serverDatabaseUrl, TEMPLATE } from './cluster.ts'
import type {} from './global-setup.ts'

/** A database of its own for one test file, migrated and empty. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  readonly ownerUrl: string
  readonly serverUrl: string
  /** As the login that migrates and owns the tables. */
  readonly owner: Pool
  /** As a server: may call the functions, not write the ledger. */
  readonly server: Pool
  /** Whether servers go through PgBouncer, which replaces idle connections that have gone unseen. */
  readonly isPooled: boolean
  /** Ends the connections of PostgreSQL that have this application_name, as an administrator would; how many. */
  terminate(applicationName: string): Promise<number>
}

/** Makes a database from the migrated template, or an empty one; disposing of it closes the pools and drops it. */
export async function createTestDatabase(options: { isMigrated?: boolean } = {}): Promise<TestDatabase> {
  const template = (options.isMigrated ?? true) ? TEMPLATE : 'template0'
  const cluster = inject('cluster')
  const name = `test_${randomBytes(8).toString('hex')}`
  const maintenance = databaseUrl(cluster, cluster.owner, 'postgres')
  const superuser = databaseUrl(cluster, cluster.superuser, 'postgres')
  await query(maintenance, `create database ${name} template ${template}`)
  const ownerUrl = databaseUrl(cluster, cluster.owner, name)
  const serverUrl = serverDatabaseUrl(cluster, name)
  const [owner, server] = [openPool(ownerUrl), openPool(serverUrl)]
  return {
    name,
    ownerUrl,
    serverUrl,
    owner: owner.pool,
    server: server.pool,
    isPooled: cluster.serverPort !== cluster.port,
    terminate: (applicationName) =>
      query(
        superuser,
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = $2',
        [name, applicationName],
      ),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([owner.close(), server.close()])
      // By force: a pooler keeps its connections, an autovacuum worker ends for a superuser alone.
      await query(superuser, `drop database if exists ${name} with (force)`)
    },
  }
}

/** A test that fails between connect and release keeps its client: closing takes those back, else it would hang. */
function openPool(connectionString: string): { pool: Pool; close(): Promise<void> } {
  const pool = new Pool({ connectionString })
  const lent = new Set<PoolClient>()
  pool.on('acquire', (client) => lent.add(client))
  pool.on('release', (_error, client) => lent.delete(client))
  // A test may kill its own connections; the query that needs one says so.
  pool.on('error', () => undefined)
  const close = async () => {
    for (const client of lent) {
      client.release(true)
      // Whoever held it, a query under way too, may still give it back.
      client.release = () => undefined
    }
    await pool.end()
  }
  return { pool, close }
}

async function query(url: string, statement: string, values: readonly string[] = []): Promise<number> {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query(statement, [...values])).rowCount ?? 0
  } finally {
    await client.end()
  }
}

import { randomBytes } from 'node:crypto'
import { Client, DatabaseError, Pool, type PoolClient } from 'pg'
import { inject } from 'vitest'
import { databaseUrl, TEMPLATE } from './cluster.ts'
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
}

/** Makes a database from the migrated template, or an empty one; disposing of it closes the pools and drops it. */
export async function createTestDatabase(options: { isMigrated?: boolean } = {}): Promise<TestDatabase> {
  const template = (options.isMigrated ?? true) ? TEMPLATE : 'template0'
  const cluster = inject('cluster')
  const name = `test_${randomBytes(8).toString('hex')}`
  const maintenance = databaseUrl(cluster, cluster.owner, 'postgres')
  await query(maintenance, `create database ${name} template ${template}`)
  const ownerUrl = databaseUrl(cluster, cluster.owner, name)
  const serverUrl = databaseUrl(cluster, cluster.server, name)
  const [owner, server] = [openPool(ownerUrl), openPool(serverUrl)]
  return {
    name,
    ownerUrl,
    serverUrl,
    owner: owner.pool,
    server: server.pool,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([owner.close(), server.close()])
      await drop(maintenance, name)
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

/** Only a superuser may end an autovacuum worker by force; without force PostgreSQL ends it by itself. */
async function drop(maintenance: string, name: string): Promise<void> {
  try {
    await query(maintenance, `drop database if exists ${name} with (force)`)
  } catch (error) {
    const isDenied = error instanceof DatabaseError && error.code === '42501'
    if (!isDenied) throw error
    await query(maintenance, `drop database if exists ${name}`)
  }
}

async function query(url: string, statement: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

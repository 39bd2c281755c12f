import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrateUp } from '@stipend/db'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@stipend/embedded'
import { createEngine, type Engine } from '@stipend/engine'
import { Client, Pool } from 'pg'
import { type BenchCatalog, catalog } from './catalog.ts'

/** The same for all contestants. Durable: fsync, full_page_writes and synchronous_commit are on. */
export const settings: Readonly<Record<string, string>> = {
  autovacuum: 'on',
  checkpoint_timeout: '15min',
  effective_cache_size: '4GB',
  fsync: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  max_wal_size: '8GB',
  shared_buffers: '1GB',
  synchronous_commit: 'on',
}

interface Login {
  readonly user: string
  readonly password: string
}

/** One PostgreSQL for a whole run, in a temporary folder on the repository's disk. */
export interface BenchServer extends AsyncDisposable {
  readonly postgres: EmbeddedPostgres
  readonly version: string
  /** A migrated database with the catalog, ready for organizations. */
  createDatabase(): Promise<BenchDatabase>
  /** An empty database of the superuser, for pgbench. */
  createPlainDatabase(name: string): Promise<string>
}

export interface BenchDatabase {
  /** A login that is only a member of stipend_server. */
  readonly serverUrl: string
  /** The login that owns the tables. */
  readonly ownerUrl: string
  readonly superuserUrl: string
}

/** An engine with its pool, as a host application would have it. */
export interface OpenEngine extends AsyncDisposable {
  readonly engine: Engine<BenchCatalog>
  readonly pool: Pool
}

const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
/** Before the id of the process that the folder belongs to. */
const prefix = 'stipend-bench-'

export async function startServer(extra: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  mkdirSync(cache, { recursive: true })
  await removeLeftovers()
  const folder = join(cache, `${prefix}${process.pid}`)
  const remove = (path: string) => rmSync(path, { recursive: true, force: true })
  const postgres = await startEmbeddedPostgres({
    dataDirectory: folder,
    settings: { ...settings, ...extra },
  }).catch((error: unknown) => {
    remove(folder)
    throw error
  })
  const owner = createLogin('stipend_migrator')
  const server = createLogin('stipend_app')
  const version = await withClient(postgres.url, async (client) => {
    await client.query(`create role ${owner.user} login createrole createdb password '${owner.password}'`)
    await client.query(`create role ${server.user} login password '${server.password}'`)
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? 'unknown'
  })
  const urlOf = (login: Login, database: string) =>
    `postgres://${login.user}:${login.password}@127.0.0.1:${postgres.port}/${database}`
  return {
    postgres,
    version,
    async createDatabase() {
      const name = `stipend_${randomBytes(4).toString('hex')}`
      await withClient(postgres.url, (client) => client.query(`create database ${name} owner ${owner.user}`))
      const ownerUrl = urlOf(owner, name)
      await migrateUp(ownerUrl)
      await withClient(ownerUrl, (client) => client.query(`grant stipend_server to ${server.user}`))
      const database = { ownerUrl, serverUrl: urlOf(server, name), superuserUrl: urlOf(postgres, name) }
      await using open = openEngine(database.serverUrl)
      await open.engine.pushCatalog({ author: 'bench' })
      return database
    },
    async createPlainDatabase(name) {
      await withClient(postgres.url, (client) => client.query(`create database ${name}`))
      return urlOf(postgres, name)
    },
    async [Symbol.asyncDispose]() {
      await postgres.stop()
      remove(postgres.dataDirectory)
      remove(folder)
    },
  }
}

export function openEngine(serverUrl: string): OpenEngine {
  const pool = new Pool({ connectionString: serverUrl, max: 10 })
  // Connected to PostgreSQL itself: named statements are safe, and parsed once.
  const engine = createEngine({ database: pool, catalog, batching: { namedStatements: true } })
  return {
    engine,
    pool,
    async [Symbol.asyncDispose]() {
      await engine.close()
      // A connection that is just being closed may hear that the server stops.
      pool.on('error', () => undefined)
      await pool.end()
    },
  }
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Budgets are counted for every organization; the limit is out of reach. */
const budgetCredits = 9_000_000_000

/** Organizations on plan pro, each with a monthly budget of its own, in one statement. */
export async function createOrganizations(
  database: BenchDatabase,
  prefix: string,
  count: number,
): Promise<readonly string[]> {
  await withClient(database.ownerUrl, async (client) => {
    await client.query(
      `select count(*) from generate_series(1, $2::integer) i
       cross join lateral stipend.put_organization($1::text || i, 'Bench ' || i, 'pro', null, null, null)`,
      [prefix, count],
    )
    await client.query(
      `select count(stipend.put_budget($1::text || i, gen_random_uuid(), 'organization', null, 'month', $3::numeric, true))
       from generate_series(1, $2::integer) i`,
      [prefix, count, budgetCredits],
    )
  })
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
}

/** One organization with a name of its own. */
export async function createOrganization(database: BenchDatabase, prefix: string): Promise<string> {
  const [id] = await createOrganizations(database, `${prefix}-${randomUUID()}-`, 1)
  if (id === undefined) throw new Error('No organization was created.')
  return id
}

/** What autovacuum's analyze does after a minute or so. */
export async function analyze(database: BenchDatabase): Promise<void> {
  await withClient(database.superuserUrl, (client) => client.query('vacuum (analyze)'))
}

/** An interrupted run leaves gigabytes; a killed one also a server, which starting on its folder takes over. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(cache).filter((name) => name.startsWith(prefix))) {
    const folder = join(cache, name)
    if (isAlive(Number(name.slice(prefix.length)))) continue
    if (existsSync(join(folder, 'cluster', 'postmaster.pid'))) {
      await using _ = await startEmbeddedPostgres({ dataDirectory: folder })
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  return Number.isInteger(pid) && existsSync(`/proc/${pid}`)
}

function createLogin(user: string): Login {
  return { user, password: randomBytes(12).toString('hex') }
}

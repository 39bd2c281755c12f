import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { findRunningPostgres, type RunningPostgres } from '@stipend/embedded'
import { createEngine, defineCatalog, type Engine } from '@stipend/engine'
import { Client, Pool } from 'pg'
import { type Context, remark } from './context.ts'
import { CliError } from './failure.ts'

const CONNECT_TIMEOUT_MS = 10_000
const MOST_CONNECTIONS = 4

/** Migrations go past a pooler and as the owner of the tables; everything else like a server. */
export type Purpose = 'migrations' | 'calls'

/**
 * The database to work on: the environment's, else the one that `npm start` runs in the nearest `.stipend`.
 *
 * @throws {CliError} where there is neither, or a URL is none
 */
export async function findDatabase(context: Context, purpose: Purpose): Promise<string> {
  const { databaseUrl, directDatabaseUrl } = context.environment
  if (purpose === 'migrations' && directDatabaseUrl !== undefined) {
    return checkUrl('DIRECT_DATABASE_URL', directDatabaseUrl)
  }
  if (databaseUrl !== undefined) return checkUrl('DATABASE_URL', databaseUrl)
  if (directDatabaseUrl !== undefined) return checkUrl('DIRECT_DATABASE_URL', directDatabaseUrl)
  const folder = nearestFolder(context.directory)
  const running = folder === null ? null : findRunning(folder)
  if (folder === null || running === null) {
    const why = folder === null ? 'there is no .stipend folder here' : `nothing runs in ${folder}`
    throw new CliError(
      `No database: set DATABASE_URL to postgres://user:password@host:port/database, or start the demo with npm start (${why}).`,
    )
  }
  const place = relative(context.directory, running.dataDirectory)
  remark(context, `On the running demo database in ${place} (port ${running.port}).`)
  return running.url(await findDatabaseName(running.url('postgres')))
}

/** Runs `work` on a pool of its own, which is closed at the end. */
export async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  // A connection lost while idle would end the process; the next query says it as well.
  pool.on('error', () => undefined)
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

/** Prices nothing: settling and catalogs are not what operators' commands do with an engine. */
const NO_CATALOG = defineCatalog({
  models: {},
  capabilities: {},
  plans: { none: { monthlyCredits: 0, allows: {} } },
})

/** Runs `work` with an engine on the database that the environment or the demo names. */
export async function withEngine<T>(
  context: Context,
  work: (engine: Engine, pool: Pool) => Promise<T>,
): Promise<T> {
  const url = await findDatabase(context, 'calls')
  return withPool(url, async (pool) => {
    const engine: Engine = createEngine({ database: pool, catalog: NO_CATALOG })
    try {
      return await work(engine, pool)
    } finally {
      await engine.close()
    }
  })
}

/** The URL itself; its scheme is checked, since a driver takes any text for the name of a host. */
export function checkUrl(name: string, url: string): string {
  const scheme = URL.canParse(url) ? new URL(url).protocol : ''
  if (scheme === 'postgres:' || scheme === 'postgresql:') return url
  throw new CliError(`${name} is not of the form postgres://user:password@host:port/database.`)
}

function nearestFolder(directory: string): string | null {
  const folder = join(directory, '.stipend')
  if (existsSync(folder)) return folder
  const parent = dirname(directory)
  return parent === directory ? null : nearestFolder(parent)
}

function findRunning(folder: string): RunningPostgres | null {
  return findRunningPostgres(join(folder, 'postgres')) ?? findRunningPostgres(folder)
}

/** The database of that server that Stipend is in; `postgres` where none is yet. */
async function findDatabaseName(maintenanceUrl: string): Promise<string> {
  const names = await query(
    maintenanceUrl,
    `select datname as name from pg_database where datallowconn and not datistemplate order by datname = 'postgres', datname`,
  )
  for (const { name } of names) {
    const url = new URL(maintenanceUrl)
    url.pathname = encodeURIComponent(name)
    const found = await query(url.href, `select nspname as name from pg_namespace where nspname = 'stipend'`)
    if (found.length > 0) return name
  }
  return names[0]?.name ?? 'postgres'
}

async function query(url: string, statement: string): Promise<{ name: string }[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<{ name: string }>(statement)).rows
  } finally {
    await client.end()
  }
}

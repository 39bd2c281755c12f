import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { migrateUp } from '@stipend/db'
import { findFreePort, findRunningPostgres, startEmbeddedPostgres } from '@stipend/embedded'
import { pullCatalog, pushCatalog } from '@stipend/engine'
import { Pool } from 'pg'
import { loadCatalog } from '../catalog.ts'
import type { Context } from '../context.ts'
import { withPool } from '../database.ts'
import { CliError } from '../failure.ts'
import type { DatabaseChoice } from './choices.ts'

/** The folder of the embedded database, below the project. */
export const embeddedFolder = '.stipend/postgres'
const embeddedName = 'app'

/** The port of a URL that an earlier init has written for the embedded database of this folder; null: it is another's. */
export function embeddedPort(directory: string, databaseUrl: string | undefined): number | null {
  const url = databaseUrl === undefined ? null : URL.parse(databaseUrl)
  if (url === null || !existsSync(join(directory, embeddedFolder))) return null
  const isOurs = url.hostname === '127.0.0.1' && url.pathname === `/${embeddedName}` && url.port !== ''
  return isOurs ? Number(url.port) : null
}

/** The database that init works on. */
export interface OpenDatabase extends AsyncDisposable {
  /** As the app connects. */
  readonly url: string
  /** As the login that owns the tables, past a pooler. */
  readonly migrationUrl: string
}

/** Starts the embedded database, or finds that the other one answers. */
export async function openDatabase(context: Context, choice: DatabaseChoice): Promise<OpenDatabase> {
  if (choice.kind === 'embedded') return openEmbedded(context.directory, choice.port)
  const { directDatabaseUrl } = context.environment
  const migrationUrl = choice.isGiven ? choice.url : (directDatabaseUrl ?? choice.url)
  await withPool(choice.url, (pool) => pool.query('select 1'))
  return { url: choice.url, migrationUrl, [Symbol.asyncDispose]: async () => undefined }
}

/** One that runs already is used and left running. */
async function openEmbedded(directory: string, knownPort: number | null): Promise<OpenDatabase> {
  const dataDirectory = join(directory, embeddedFolder)
  const running = findRunningPostgres(dataDirectory)
  if (running !== null) {
    const url = running.url(embeddedName)
    return { url, migrationUrl: url, [Symbol.asyncDispose]: async () => undefined }
  }
  const port = knownPort ?? (await findFreePort())
  const postgres = await startEmbeddedPostgres({ dataDirectory, port, databaseName: embeddedName })
  return { url: postgres.url, migrationUrl: postgres.url, [Symbol.asyncDispose]: () => postgres.stop() }
}

export interface Migrated {
  /** Versions that were applied. */
  readonly applied: number
  /** `kept`: the database has a catalog already. `later`: the packages are not installed. */
  readonly catalog: 'pushed' | 'kept' | 'later'
}

/** Migrates, and where the packages are installed makes the tables of sign-in and pushes the first catalog. */
export async function prepareDatabase(
  context: Context,
  database: OpenDatabase,
  files: { catalogPath: string; authPath: string | null; isInstalled: boolean; author: string },
): Promise<Migrated> {
  const { applied } = await migrateUp(database.migrationUrl)
  if (!files.isInstalled) return { applied: applied.length, catalog: 'later' }
  if (files.authPath !== null) await migrateAuth(context, files.authPath, database.migrationUrl)
  const catalog = await loadCatalog(context, files.catalogPath)
  return withPool(database.url, async (pool) => {
    if ((await pullCatalog(pool)) !== null) return { applied: applied.length, catalog: 'kept' }
    await pushCatalog(pool, catalog, { author: files.author, reason: 'stipend init' })
    return { applied: applied.length, catalog: 'pushed' }
  })
}

/**
 * Makes the tables of sign-in by the `migrateAuth` of a project's file.
 *
 * @throws {CliError} where the file exports none
 */
export async function migrateAuth(context: Context, file: string, url: string): Promise<void> {
  // It may have been written after this process began.
  const settings = join(context.directory, '.env')
  if (existsSync(settings)) process.loadEnvFile(settings)
  const path = pathToFileURL(resolve(context.directory, file)).href
  const { migrateAuth: migrate }: { migrateAuth?: unknown } = await import(path)
  if (!isMigration(migrate)) {
    throw new CliError(
      `${file} exports no migrateAuth: stipend init --customers sign-in writes one that does.`,
    )
  }
  const pool = new Pool({ connectionString: url, max: 2 })
  pool.on('error', () => undefined)
  try {
    await migrate(pool)
  } finally {
    await pool.end()
  }
}

function isMigration(value: unknown): value is (database: Pool) => Promise<void> {
  return typeof value === 'function'
}

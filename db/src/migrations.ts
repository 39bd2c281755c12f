import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ClientBase } from 'pg'
import { type RunnableMigration, Umzug } from 'umzug'
import { type Connection, inPatientTransaction, withClient } from './connection.ts'
import { inFile, MigrationError } from './error.ts'
import { dropFunctions, replaceFunctions } from './functions.ts'
import { layGround, OWN_SCHEMA } from './ground.ts'

/** Any number, the same in every release: two migrators of one database wait for each other. */
const LOCK_KEY = '6007951301749'

export interface MigrationFolders {
  /** Holds `migrations/VERSION/{up,down}.sql` and `functions/**.sql`; this package's own by default. */
  readonly directory?: string | undefined
  /**
   * The schema whose versions these are, `stipend` by default. A host names its own, with its own `directory`, after
   * Stipend's: it is made where it is missing; roles and functions are left alone.
   */
  readonly schema?: string | undefined
}

export interface MigrateUpOptions extends MigrationFolders {
  /** The newest version to apply, such as `0003_credits`, or its number alone; all by default. */
  readonly to?: string | undefined
}

export interface MigrateDownOptions extends MigrationFolders {
  /** The version that stays the newest, or its number alone; null takes back all. */
  readonly to: string | null
}

export interface MigrationStatus {
  readonly applied: readonly { readonly version: string; readonly appliedAt: Date }[]
  readonly pending: readonly string[]
  /** Applied by a release that knows more versions than this one. */
  readonly unknown: readonly string[]
}

/**
 * Applies what is pending, each version in a transaction of its own, and at the newest version puts the functions
 * in place. Safe to call from many processes at once. Needs CREATEROLE and CREATE on the database, no superuser.
 *
 * @returns the versions that this call applied
 * @throws {MigrationError}
 */
export async function migrateUp(
  connection: Connection,
  options: MigrateUpOptions = {},
): Promise<{ applied: string[] }> {
  const place = placeOf(options)
  return withLock(connection, async (client) => {
    await layGround(client, place.schema)
    const umzug = createUmzug(client, place)
    await refuseUnknown(client, umzug, place)
    const to = options.to === undefined ? undefined : await findVersion(umzug, options.to)
    const migrations = await run(() => (to === undefined ? umzug.up() : umzug.up({ to })))
    const isNewest = (await umzug.pending()).length === 0
    if (isNewest && place.schema === OWN_SCHEMA) {
      await replaceFunctions(client, join(place.directory, 'functions'))
    }
    return { applied: migrations.map((migration) => migration.name) }
  })
}

/**
 * Takes back every version after `to`. The functions, which are of the newest version, are dropped with the first.
 *
 * @returns the versions that this call took back
 * @throws {MigrationError}
 */
export async function migrateDown(
  connection: Connection,
  options: MigrateDownOptions,
): Promise<{ reverted: string[] }> {
  const place = placeOf(options)
  return withLock(connection, async (client) => {
    await layGround(client, place.schema)
    const umzug = createUmzug(client, place)
    await refuseUnknown(client, umzug, place)
    const to = options.to === null ? null : await findVersion(umzug, options.to)
    const applied = (await umzug.executed()).map((migration) => migration.name)
    if (to !== null && !applied.includes(to)) {
      throw new MigrationError(
        'unknown_version',
        `The version ${to} is not applied: there is no way down to it.`,
      )
    }
    const migrations = applied.filter((version) => to === null || version > to).reverse()
    if (migrations.length > 0) await run(() => umzug.down({ migrations }))
    return { reverted: migrations }
  })
}

/** Tells what is applied and what is pending; writes nothing. */
export async function migrationStatus(
  connection: Connection,
  options: MigrationFolders = {},
): Promise<MigrationStatus> {
  const place = placeOf(options)
  return withClient(connection, async (client) => {
    const umzug = createUmzug(client, place)
    const known = new Set(
      (await umzug.migrations(contextOf(client, place))).map((migration) => migration.name),
    )
    const applied = await readApplied(client, place.schema)
    const versions = new Set(applied.map((row) => row.version))
    return {
      applied,
      pending: [...known].filter((version) => !versions.has(version)),
      unknown: [...versions].filter((version) => !known.has(version)),
    }
  })
}

/** Puts the functions in place without migrating; the database has to be at the newest version. */
export async function applyFunctions(
  connection: Connection,
  options: Pick<MigrationFolders, 'directory'> = {},
): Promise<{ count: number }> {
  const place = placeOf(options)
  return withLock(connection, async (client) => {
    await layGround(client, place.schema)
    const umzug = createUmzug(client, place)
    await refuseUnknown(client, umzug, place)
    const [pending] = await umzug.pending()
    if (pending !== undefined) {
      throw new MigrationError(
        'functions_failed',
        `The version ${pending.name} is pending: migrate up first.`,
      )
    }
    return { count: await replaceFunctions(client, join(place.directory, 'functions')) }
  })
}

const OWN_DIRECTORY = join(import.meta.dirname, '..')

/** Where versions are read from, and the schema that they make. */
interface Place {
  readonly directory: string
  readonly schema: string
}

function placeOf({ directory = OWN_DIRECTORY, schema = OWN_SCHEMA }: MigrationFolders): Place {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return { directory, schema }
  const message = `The schema ${schema} is not a plain name: give small letters, digits and underscores.`
  throw new MigrationError('migration_failed', message)
}

interface Context {
  readonly client: ClientBase
  readonly schema: string
}

const contextOf = (client: ClientBase, { schema }: Place): Context => ({ client, schema })

function createUmzug(client: ClientBase, place: Place): Umzug<Context> {
  const { directory, schema } = place
  return new Umzug<Context>({
    context: contextOf(client, place),
    logger: undefined,
    migrations: {
      glob: ['migrations/*/up.sql', { cwd: directory }],
      resolve: ({ path, context }) => {
        if (path === undefined) throw new Error('A migration has no file.')
        return describeMigration(path, context)
      },
    },
    storage: {
      // The row of a version is written in the transaction of its migration.
      logMigration: async () => undefined,
      unlogMigration: async () => undefined,
      executed: async () => (await readApplied(client, schema)).map((row) => row.version),
    },
  })
}

function describeMigration(upPath: string, { client, schema }: Context): RunnableMigration<Context> {
  const folder = dirname(upPath)
  const name = basename(folder)
  return {
    name,
    path: upPath,
    up: async () => {
      const sql = await readFile(upPath, 'utf8')
      if (sql.startsWith(NO_TRANSACTION)) {
        await runAlone(client, name, { path: upPath, sql, downPath: join(folder, 'down.sql') })
        await client.query(`insert into ${schema}.migrations (version) values ($1)`, [name])
        return
      }
      await inPatientTransaction(client, async () => {
        await runFile(client, name, { path: upPath, sql })
        await client.query(`insert into ${schema}.migrations (version) values ($1)`, [name])
      })
    },
    down: async () => {
      const path = join(folder, 'down.sql')
      const sql = await readFile(path, 'utf8')
      await inPatientTransaction(client, async () => {
        if (schema === OWN_SCHEMA) await dropFunctions(client)
        await runFile(client, name, { path, sql })
        await client.query(`delete from ${schema}.migrations where version = $1`, [name])
      })
    },
  }
}

/** First line of an up.sql whose one statement cannot be in a transaction: `create index concurrently`. */
const NO_TRANSACTION = '-- no transaction\n'

/** What is left of a try that failed, such as an invalid index, is taken back by down.sql first. */
async function runAlone(
  client: ClientBase,
  version: string,
  { path, sql, downPath }: { path: string; sql: string; downPath: string },
): Promise<void> {
  await runFile(client, version, { path: downPath, sql: await readFile(downPath, 'utf8') })
  await runFile(client, version, { path, sql })
}

async function runFile(
  client: ClientBase,
  version: string,
  { path, sql }: { path: string; sql: string },
): Promise<void> {
  await client.query(sql).catch((error: unknown) => {
    throw inFile('migration_failed', { path: join('migrations', version, basename(path)), sql }, error)
  })
}

async function readApplied(
  client: ClientBase,
  schema: string,
): Promise<{ version: string; appliedAt: Date }[]> {
  const table = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    `${schema}.migrations`,
  ])
  if (table.rows[0]?.exists !== true) return []
  const rows = await client.query<{ version: string; appliedAt: Date }>(
    `select version, applied_at as "appliedAt" from ${schema}.migrations order by version collate "C"`,
  )
  return rows.rows
}

async function refuseUnknown(client: ClientBase, umzug: Umzug<Context>, place: Place): Promise<void> {
  const known = new Set((await umzug.migrations(contextOf(client, place))).map((migration) => migration.name))
  const unknown = (await readApplied(client, place.schema)).find((row) => !known.has(row.version))
  if (unknown === undefined) return
  const message = `The database is at ${unknown.version}, which this release does not know: use the release that applied it, or a newer one.`
  throw new MigrationError('unknown_version', message)
}

async function findVersion(umzug: Umzug<Context>, wanted: string): Promise<string> {
  const all = [...(await umzug.executed()), ...(await umzug.pending())].map((migration) => migration.name)
  const found = all.find((version) => version === wanted || version.split('_', 1)[0] === wanted)
  if (found !== undefined) return found
  throw new MigrationError('unknown_version', `There is no version ${wanted}. There are: ${all.join(', ')}.`)
}

async function withLock<T>(connection: Connection, work: (client: ClientBase) => Promise<T>): Promise<T> {
  return withClient(connection, async (client) => {
    await client.query('select pg_advisory_lock($1)', [LOCK_KEY])
    try {
      return await work(client)
    } finally {
      // A lost connection has given the lock back by itself.
      await client.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => undefined)
    }
  })
}

/** Umzug wraps what a migration throws; the caller gets our error. */
async function run<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && error.cause instanceof MigrationError) throw error.cause
    throw error
  }
}

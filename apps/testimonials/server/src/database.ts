import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from '@stipend/embedded'
import { Client, escapeLiteral, Pool } from 'pg'
import { migrate } from './migrate.ts'
import { StartError } from './start-error.ts'

export interface DatabaseSettings {
  /** A PostgreSQL of one's own; without it the embedded one. */
  databaseUrl?: string | undefined
  /** For migrations and the worker, where `databaseUrl` goes through a pooler or has fewer rights. Default the same. */
  directDatabaseUrl?: string | undefined
  /** The folder for the embedded PostgreSQL. */
  directory: string
}

/** A migrated database. */
export interface Database {
  /** As a server: calls the functions, cannot write the ledger. */
  server: Pool
  /** The same for people's sign-in, apart: hashing a password keeps a connection, and metered calls should not wait. */
  signIn: Pool
  /** As the tables' owner, on the embedded PostgreSQL only. */
  owner: Pool | null
  /** Straight to PostgreSQL as the login that migrates, for the worker. */
  directUrl: string
  /** Where it is, for people: no password. */
  description: string
  /** Settles with a sentence when an embedded PostgreSQL ended and could not be brought back; else null, at `close`. */
  ended: Promise<string | null>
  close(): Promise<void>
}

const serverLogin = 'stipend_app'
/** Few connections are faster than many: the engine batches. */
const connections = 6
const signInConnections = 4

/** Opens and migrates the database. @throws StartError, MigrationError */
export async function openDatabase(
  settings: DatabaseSettings,
  onError: (error: Error) => void,
): Promise<Database> {
  const { databaseUrl, directDatabaseUrl, directory } = settings
  if (databaseUrl === undefined) return await openEmbedded(join(directory, 'postgres'), onError)
  const directUrl = directDatabaseUrl ?? databaseUrl
  await migrate(directUrl)
  const server = openPool(databaseUrl, onError)
  const signIn = openPool(databaseUrl, onError, signInConnections)
  return {
    server,
    signIn,
    owner: null,
    directUrl,
    description: hostOf(databaseUrl),
    ended: new Promise(() => {}),
    close: () => Promise.all([server.end(), signIn.end()]).then(() => undefined),
  }
}

async function openEmbedded(dataDirectory: string, onError: (error: Error) => void): Promise<Database> {
  const postgres = await startEmbeddedPostgres({ dataDirectory, databaseName: 'stipend' }).catch(
    explainEmbedded,
  )
  try {
    await migrate(postgres.url)
    const password = await putServerLogin(postgres.url)
    const server = openPool(serverUrl(postgres, password), onError)
    const signIn = openPool(serverUrl(postgres, password), onError, signInConnections)
    const owner = openPool(postgres.url, onError)
    return {
      server,
      signIn,
      owner,
      directUrl: postgres.url,
      description: `embedded PostgreSQL ${postgres.major} in ${postgres.dataDirectory}`,
      ended: postgres.ended.then((reason) => reason?.message ?? null),
      close: async () => {
        await Promise.all([server.end(), signIn.end(), owner.end()])
        await postgres.stop()
      },
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

function explainEmbedded(error: unknown): never {
  if (!(error instanceof EmbeddedPostgresError)) throw error
  const hint =
    error.code === 'already_running'
      ? 'Stipend is running on this data already: use that one, or stop it first.'
      : 'Or set DATABASE_URL to a PostgreSQL of your own.'
  throw new StartError(`${error.message}\n${hint}`, { cause: error })
}

/** A login that is only a member of stipend_server, with a password for this run. */
async function putServerLogin(ownerUrl: string): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  const client = new Client(ownerUrl)
  await client.connect()
  try {
    const found = await client.query('select from pg_catalog.pg_roles where rolname = $1', [serverLogin])
    const verb = found.rowCount === 0 ? 'create' : 'alter'
    await client.query(`${verb} role ${serverLogin} login password ${escapeLiteral(password)}`)
    await client.query(`grant stipend_server to ${serverLogin}`)
  } finally {
    await client.end()
  }
  return password
}

function serverUrl({ port, databaseName }: EmbeddedPostgres, password: string): string {
  return `postgres://${serverLogin}:${password}@127.0.0.1:${port}/${databaseName}`
}

function openPool(connectionString: string, onError: (error: Error) => void, max = connections): Pool {
  const pool = new Pool({ connectionString, max })
  // An idle connection that is lost is replaced by the next query.
  pool.on('error', (error) => {
    // Whoever ends the pool does not wait for its connections to be gone: the server may end them first.
    if (!pool.ending) onError(error)
  })
  return pool
}

function hostOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `PostgreSQL at ${host}${pathname}`
  } catch {
    throw new StartError('DATABASE_URL is not a URL such as postgres://user:password@host:5432/database.')
  }
}

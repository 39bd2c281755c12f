import { setTimeout } from 'node:timers/promises'
import { Client, type ClientBase } from 'pg'
import { MigrationError, sqlState } from './error.ts'

/** Where to work: a connected client of the caller's, or a URL to connect to. Not through a transaction pooler. */
export type Connection = ClientBase | string

/** Runs `work` on the caller's client, or on one of its own that is closed at the end. */
export async function withClient<T>(
  connection: Connection,
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  if (typeof connection !== 'string') return work(connection)
  const client = await connect(connection)
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** How long a statement of a migration waits for a lock, while all that come after it wait behind it. */
const LOCK_TIMEOUT_MS = 1_000
const LOCK_NOT_AVAILABLE = '55P03'
const DEADLOCK_DETECTED = '40P01'
/** With the pauses between them some two minutes. */
const TRIES = 40

/**
 * Runs `work` in one transaction that gives way: where a lock is not to be had within a second, all of it is taken back
 * and tried again later, so that the servers' calls never wait longer behind it.
 */
export async function inPatientTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await inTransaction(client, async () => {
        await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`)
        return await work()
      })
    } catch (error) {
      const state = sqlState(error instanceof MigrationError ? error.cause : error)
      const isBusy = state === LOCK_NOT_AVAILABLE || state === DEADLOCK_DETECTED
      if (isBusy && tries === TRIES) throw heldTooLong(error)
      if (!isBusy) throw error
      await setTimeout(Math.min(3_000, 250 * tries) * (0.5 + Math.random()))
    }
  }
}

function heldTooLong(error: unknown): MigrationError {
  const said = error instanceof Error ? error.message : String(error)
  const remedy =
    'Another transaction held what this needs at each of many tries: find it in pg_stat_activity (often “idle in transaction”), end it, and run this again. Nothing was changed.'
  return new MigrationError('migration_failed', `${said}\n${remedy}`, error)
}

/** Runs `work` in one transaction. */
export async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    // A lost connection has rolled back by itself, and the first error is the one to tell.
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

async function connect(url: string): Promise<Client> {
  const place = describe(url)
  const client = new Client({ connectionString: url })
  // A connection lost between two queries would otherwise end the process; the next query says it as well.
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    throw new MigrationError('connection_failed', explain(error, place), error)
  }
  return client
}

interface Place {
  readonly server: string
  readonly database: string
  readonly user: string
}

function describe(url: string): Place {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !['postgres:', 'postgresql:'].includes(parsed.protocol)) {
    const message = 'The database URL is not of the form postgres://user:password@host:port/database.'
    throw new MigrationError('connection_failed', message)
  }
  const server = parsed.port === '' ? `${parsed.hostname}:5432` : parsed.host
  return {
    server,
    database: decodeURIComponent(parsed.pathname.slice(1)),
    user: decodeURIComponent(parsed.username),
  }
}

function explain(error: unknown, place: Place): string {
  const code = sqlState(error)
  if (code === '28P01' || code === '28000')
    return `${place.server} refuses the login ${place.user}: wrong user or password.`
  if (code === '3D000') return `There is no database ${place.database} on ${place.server}.`
  const reason = error instanceof Error ? error.message : ''
  const network = error instanceof Error && 'code' in error ? String(error.code) : ''
  return `No PostgreSQL answers at ${place.server}: ${[network, reason].filter((part) => part !== '').join(' ')}`
}

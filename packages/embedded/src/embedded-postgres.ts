import { Client, escapeIdentifier } from 'pg'
import { type Binaries, resolveBinaries } from './binaries.ts'
import { prepareCluster, SUPERUSER } from './cluster.ts'
import { EmbeddedPostgresError, fromSystemError } from './error.ts'
import { type Home, openHome } from './home.ts'
import { takeOwnerLock } from './owner-lock.ts'
import { endWithProcess } from './parent-exit.ts'
import { findFreePort } from './port.ts'
import { endOrphans, type Postmaster, startPostmaster, stopPostmaster } from './postmaster.ts'
import { signal } from './process-identity.ts'

const FREE_PORT_TRIES = 5
const MOST_RESTARTS = 5
const RESTART_WINDOW_MS = 60_000

export interface EmbeddedPostgresOptions {
  /** The folder that keeps the data between starts; made where it is missing. */
  readonly dataDirectory: string
  /** Port on 127.0.0.1; 0 or none takes a free one. */
  readonly port?: number | undefined
  /** PostgreSQL settings. `fsync` and the like are left on unless turned off here. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** The database that `url` names, made where it is missing; `postgres` by default. */
  readonly databaseName?: string | undefined
  /** The folder of another installation's `initdb` and `postgres`, such as /usr/lib/postgresql/15/bin. */
  readonly binaries?: string | undefined
}

export interface EmbeddedPostgres {
  /** Connects as the superuser to `databaseName`; holds the password. */
  readonly url: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly databaseName: string
  /** Where the data is: another folder than asked for where that one is closed to the user who runs PostgreSQL. */
  readonly dataDirectory: string
  /** Major version, such as 18. */
  readonly major: number
  /** PostgreSQL's first process; another one after it had to be started anew. */
  readonly pid: number
  /** Settles with null after `stop`, or with the reason where PostgreSQL ended and could not be brought back. */
  readonly ended: Promise<EmbeddedPostgresError | null>
  /** Stops PostgreSQL, keeps the data and frees the folder; may be called again. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a real PostgreSQL as a child of this process, on 127.0.0.1 only, and waits until it answers.
 *
 * One live process owns a data folder. A server left behind by an owner that was killed is stopped and started
 * anew; one that is killed itself is started anew on the same port (at most 5 times a minute). It ends with this
 * process: at its exit, and at SIGINT, SIGTERM and SIGHUP unless the host listens to them itself.
 *
 * @throws {EmbeddedPostgresError}
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = openHome(options.dataDirectory)
  const lock = lockHome(home)
  try {
    const binaries = resolveBinaries(options.binaries ?? null, home.account, home.directory)
    await endOrphans(home)
    const sync = options.settings?.['fsync'] !== 'off'
    const password = await prepareCluster(home, binaries, sync)
    const postmaster = await startOnPort(home, binaries, options)
    const databaseName = options.databaseName ?? 'postgres'
    const server = new Server(home, binaries, options.settings ?? {}, postmaster, lock.release)
    const running = describe(server, { databaseName, password, port: postmaster.port, home, binaries })
    await ensureDatabase(running).catch(async (error: unknown) => {
      await running.stop()
      throw error
    })
    return running
  } catch (error) {
    lock.release()
    throw fromSystemError(error, home.directory)
  }
}

function lockHome(home: Home): { release(): void } {
  try {
    return takeOwnerLock(home.directory)
  } catch (error) {
    throw fromSystemError(error, home.directory)
  }
}

async function startOnPort(
  home: Home,
  binaries: Binaries,
  options: EmbeddedPostgresOptions,
): Promise<Postmaster> {
  const settings = options.settings ?? {}
  const wanted = options.port ?? 0
  if (wanted !== 0) return startPostmaster(home, binaries, { port: wanted, settings })
  for (let tries = 1; ; tries++) {
    try {
      return await startPostmaster(home, binaries, { port: await findFreePort(), settings })
    } catch (error) {
      // Somebody else took the port between the search and the start.
      const lostPort = error instanceof EmbeddedPostgresError && error.code === 'port_busy'
      if (!lostPort || tries === FREE_PORT_TRIES) throw error
    }
  }
}

/** Keeps one PostgreSQL running until it is told to stop. */
class Server {
  readonly ended: Promise<EmbeddedPostgresError | null>
  readonly #home: Home
  readonly #binaries: Binaries
  readonly #settings: Readonly<Record<string, string>>
  readonly #leave: () => void
  readonly #releaseLock: () => void
  readonly #settle: (reason: EmbeddedPostgresError | null) => void
  #postmaster: Postmaster
  #stopping: Promise<void> | null = null
  #restarting: Promise<void> = Promise.resolve()
  #restarts: number[] = []

  constructor(
    home: Home,
    binaries: Binaries,
    settings: Readonly<Record<string, string>>,
    postmaster: Postmaster,
    releaseLock: () => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<EmbeddedPostgresError | null>()
    this.ended = promise
    this.#settle = resolve
    this.#home = home
    this.#binaries = binaries
    this.#settings = settings
    this.#postmaster = postmaster
    this.#releaseLock = releaseLock
    this.#leave = endWithProcess({
      stop: () => this.stop(),
      interrupt: () => void signal(this.pid, 'SIGINT'),
    })
    this.#watch(postmaster)
  }

  get pid(): number {
    return this.#postmaster.pid
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#restarting
    await stopPostmaster(this.pid)
    this.#close(null)
  }

  #close(reason: EmbeddedPostgresError | null): void {
    this.#leave()
    this.#releaseLock()
    this.#settle(reason)
  }

  #watch(postmaster: Postmaster): void {
    void postmaster.ended.then(() => {
      if (this.#stopping === null) this.#restarting = this.#restart()
    })
  }

  async #restart(): Promise<void> {
    try {
      this.#countRestart()
      await endOrphans(this.#home)
      const { port } = this.#postmaster
      this.#postmaster = await startPostmaster(this.#home, this.#binaries, { port, settings: this.#settings })
      this.#watch(this.#postmaster)
    } catch (error) {
      this.#stopping ??= Promise.resolve()
      this.#close(fromSystemError(error, this.#home.directory))
    }
  }

  #countRestart(): void {
    const now = performance.now()
    this.#restarts = [...this.#restarts.filter((at) => at > now - RESTART_WINDOW_MS), now]
    if (this.#restarts.length <= MOST_RESTARTS) return
    const message = `PostgreSQL ended ${MOST_RESTARTS + 1} times within a minute and is left alone; see ${this.#home.log}.`
    throw new EmbeddedPostgresError('exited', message)
  }
}

function describe(
  server: Server,
  of: { databaseName: string; password: string; port: number; home: Home; binaries: Binaries },
): EmbeddedPostgres {
  const { databaseName, password, port } = of
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(databaseName)}`,
    port,
    user: SUPERUSER,
    password,
    databaseName,
    dataDirectory: of.home.directory,
    major: of.binaries.major,
    get pid() {
      return server.pid
    },
    ended: server.ended,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function ensureDatabase(running: EmbeddedPostgres): Promise<void> {
  const { port, user, password, databaseName } = running
  const client = new Client({ host: '127.0.0.1', port, user, password, database: 'postgres' })
  await client.connect()
  try {
    const found = await client.query('select from pg_database where datname = $1', [databaseName])
    if (found.rowCount === 0) await client.query(`create database ${escapeIdentifier(databaseName)}`)
  } finally {
    await client.end()
  }
}

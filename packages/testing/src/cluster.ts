import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateUp } from '@stipend/db'
import { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from '@stipend/embedded'
import { Client } from 'pg'
import { mustNotBeLogged } from './log-watch.ts'
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts'

/** How to reach a test cluster; plain data, handed from the global setup to the tests. */
export interface TestCluster {
  readonly host: string
  readonly port: number
  /** Major version of PostgreSQL, such as 18. */
  readonly major: number
  /** The superuser, for tests of what others may not do. */
  readonly superuser: TestLogin
  /** Owns the template and migrates: no superuser, CREATEROLE and CREATEDB. */
  readonly owner: TestLogin
  /** What a server logs in as: a member of stipend_server. */
  readonly server: TestLogin
  /** Where servers connect: the cluster itself, or the PgBouncer before it. */
  readonly serverPort: number
}

export interface TestLogin {
  readonly user: string
  readonly password: string
}

export const TEMPLATE = 'stipend_template'

const PREFIX = 'stipend-test-'

/** Durability is off, since the data is thrown away; what a commit means to other sessions stays as it is. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '256MB',
  synchronous_commit: 'on',
}

export interface TestClusterOptions {
  /** The folder of another PostgreSQL's programs; null for the embedded one. */
  binaries: string | null
  /** PgBouncer's program, for servers to go through it in transaction mode; null for none. */
  pgBouncer: string | null
}

/** Starts a cluster in a temporary folder. */
export async function startTestCluster({
  binaries,
  pgBouncer,
}: TestClusterOptions): Promise<{ cluster: TestCluster; stop(): Promise<void> }> {
  await removeLeftovers()
  const dataDirectory = await mkdtemp(join(tmpdir(), PREFIX))
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    settings: SETTINGS,
    binaries: binaries ?? undefined,
  })
  let pooler: PgBouncer | null = null
  const stop = async () => {
    await pooler?.stop()
    await postgres.stop()
    await rm(postgres.dataDirectory, { recursive: true, force: true })
    await rm(dataDirectory, { recursive: true, force: true })
  }
  const cluster = {
    host: '127.0.0.1',
    port: postgres.port,
    major: postgres.major,
    superuser: { user: postgres.user, password: postgres.password },
    owner: createLogin('stipend_migrator'),
    server: createLogin('stipend_app'),
  }
  for (const { password } of [cluster.superuser, cluster.owner, cluster.server]) mustNotBeLogged(password)
  try {
    await prepare(cluster, postgres)
    if (pgBouncer !== null) {
      const logins = [cluster.server]
      pooler = await startPgBouncer({ program: pgBouncer, postgresPort: postgres.port, logins })
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { cluster: { ...cluster, serverPort: pooler?.port ?? postgres.port }, stop }
}

/** The URL of a database of that cluster, straight to PostgreSQL. */
export function databaseUrl(
  { host, port }: Pick<TestCluster, 'host' | 'port'>,
  { user, password }: TestLogin,
  database: string,
): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`
}

/** What a server has as DATABASE_URL. */
export function serverDatabaseUrl(cluster: TestCluster, database: string): string {
  return databaseUrl({ host: cluster.host, port: cluster.serverPort }, cluster.server, database)
}

function createLogin(user: string): TestLogin {
  return { user, password: randomBytes(12).toString('hex') }
}

/** Logins and the migrated template, made as a customer without a superuser would. */
async function prepare(cluster: Omit<TestCluster, 'serverPort'>, postgres: EmbeddedPostgres): Promise<void> {
  const { owner, server } = cluster
  await query(postgres.url, [
    `create role ${owner.user} login createrole createdb password '${owner.password}'`,
    `create role ${server.user} login password '${server.password}'`,
    `create database ${TEMPLATE} owner ${owner.user}`,
  ])
  const template = databaseUrl(cluster, owner, TEMPLATE)
  await migrateUp(template)
  await query(template, [`grant stipend_server to ${server.user}`])
}

async function query(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A run that was killed leaves a server and its folder behind: taking it over ends the server. */
async function removeLeftovers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX))
  for (const name of names) {
    const dataDirectory = join(tmpdir(), name)
    if (!(await hasOwner(dataDirectory))) continue
    try {
      await using _ = await startEmbeddedPostgres({ dataDirectory })
    } catch (error) {
      const isOver = error instanceof EmbeddedPostgresError && error.code === 'version_mismatch'
      if (!isOver) continue
    }
    await rm(dataDirectory, { recursive: true, force: true })
  }
}

/** Another run that is just making or removing its folder has no lock in it, or an empty one: hands off. */
async function hasOwner(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names.filter((name) => /^owner-\d+$/.test(name))) {
    const lock = await readFile(join(directory, name), 'utf8').catch(() => '')
    if (lock !== '') return true
  }
  return false
}

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateUp } from '@stipend/db'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@stipend/embedded'
import { mustNotBeLogged } from '@stipend/testing/log-watch'
import { Client, Pool } from 'pg'

/** A durable PostgreSQL of its own, migrated, with a login for servers and one for workers. */
export interface SoakCluster extends AsyncDisposable {
  postgres: EmbeddedPostgres
  owner: Pool
  ownerUrl: string
  serverUrl: string
  /** kill −9 of one backend: PostgreSQL ends all the others and recovers by itself. */
  killBackend(): Promise<void>
  /** kill −9 of the postmaster: it is started anew. */
  killPostmaster(): void
}

export async function startSoakCluster(): Promise<SoakCluster> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'stipend-soak-'))
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    databaseName: 'soak',
    settings: { max_connections: '200', shared_buffers: '512MB', max_wal_size: '2GB' },
  })
  const as = (user: string, password: string) => {
    const url = new URL(postgres.url)
    url.username = user
    url.password = password
    return url.href
  }
  const [ownerPassword, serverPassword] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')]
  mustNotBeLogged(ownerPassword)
  mustNotBeLogged(serverPassword)
  await query(postgres.url, [
    `create role soak_owner login createrole password '${ownerPassword}'`,
    `create role soak_server login password '${serverPassword}'`,
    'grant create on database soak to soak_owner',
  ])
  const ownerUrl = as('soak_owner', ownerPassword)
  await migrateUp(ownerUrl)
  await query(ownerUrl, ['grant stipend_server to soak_server'])
  const owner = new Pool({ connectionString: ownerUrl, max: 4 })
  owner.on('error', () => undefined)
  return {
    postgres,
    owner,
    ownerUrl,
    serverUrl: as('soak_server', serverPassword),
    killBackend: async () => {
      const { rows } = await owner.query<{ pid: number }>(
        `select pid from pg_stat_activity where usename = 'soak_server' and backend_type = 'client backend' limit 1`,
      )
      const [backend] = rows
      if (backend !== undefined && isOf(backend.pid, postgres.pid)) process.kill(backend.pid, 'SIGKILL')
    },
    killPostmaster: () => process.kill(postgres.pid, 'SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      await owner.end()
      await postgres.stop()
      await rm(postgres.dataDirectory, { recursive: true, force: true })
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** Only a child of our own PostgreSQL is killed. */
function isOf(pid: number, parent: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
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

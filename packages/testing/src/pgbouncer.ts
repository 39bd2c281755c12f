import { spawn, spawnSync } from 'node:child_process'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { findFreePort } from '@stipend/embedded'
import type { TestLogin } from './cluster.ts'

/** A PgBouncer in transaction mode before a test cluster. */
export interface PgBouncer {
  readonly port: number
  stop(): Promise<void>
}

/** Few connections, so that a client's transactions do change the connection that they run on. */
const CONNECTIONS_PER_DATABASE = 8

/** Starts PgBouncer for all databases of a cluster on loopback. It refuses to run as root: then it runs as postgres. */
export async function startPgBouncer(input: {
  program: string
  postgresPort: number
  logins: readonly TestLogin[]
}): Promise<PgBouncer> {
  const { program, postgresPort, logins } = input
  const account = process.getuid?.() === 0 ? accountOf('postgres') : null
  const directory = await mkdtemp(join(tmpdir(), 'stipend-pgbouncer-'))
  const port = await findFreePort()
  const files = {
    'pgbouncer.ini': settings({ directory, port, postgresPort }),
    'users.txt': logins.map(({ user, password }) => `"${user}" "${password}"\n`).join(''),
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o600 })
    if (account !== null) await chown(join(directory, name), account.uid, account.gid)
  }
  if (account !== null) await chown(directory, account.uid, account.gid)

  const child = spawn(program, [join(directory, 'pgbouncer.ini')], {
    ...account,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let messages = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(-4_000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  const isReady = await Promise.race([listens(port), ended.then(() => false)])
  if (isReady) return { port, stop }
  await stop()
  throw new Error(`PgBouncer did not start:\n${messages}`)
}

function settings(given: { directory: string; port: number; postgresPort: number }): string {
  return `[databases]
* = host=127.0.0.1 port=${given.postgresPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${given.port}
unix_socket_dir =
pool_mode = transaction
auth_type = scram-sha-256
auth_file = ${join(given.directory, 'users.txt')}
default_pool_size = ${CONNECTIONS_PER_DATABASE}
max_client_conn = 2000
max_db_connections = 0
server_idle_timeout = 5
server_check_delay = 0
log_connections = 0
log_disconnections = 0
log_stats = 0
`
}

async function listens(port: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    if (await accepts(port)) return true
    await setTimeout(50)
  }
  return false
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const answer = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => answer(true)).once('error', () => answer(false))
  })
}

function accountOf(user: string): { uid: number; gid: number } {
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number.parseInt(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout, 10),
  )
  if (uid === undefined || gid === undefined || Number.isNaN(uid) || Number.isNaN(gid)) {
    throw new Error(`PgBouncer refuses to run as root, and there is no user ${user} to run it as.`)
  }
  return { uid, gid }
}

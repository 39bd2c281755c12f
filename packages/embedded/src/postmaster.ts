import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { PROGRAM_ENVIRONMENT } from './cluster.ts'
import { EmbeddedPostgresError, fromLog } from './error.ts'
import type { Home } from './home.ts'
import { identify, isAlive, isPostmasterOf, postgresProcessesIn, signal } from './process-identity.ts'

const POLL_MS = 10
const START_TIMEOUT_MS = 120_000
const FAST_STOP_TIMEOUT_MS = 30_000
const IMMEDIATE_STOP_TIMEOUT_MS = 5_000
const LOG_ROTATION_BYTES = 16 * 1024 * 1024

/** PostgreSQL's first process, a child of this one. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** Settles when it has ended, for whatever reason. */
  readonly ended: Promise<void>
}

/** Starts PostgreSQL on 127.0.0.1 and waits until it takes connections. */
export async function startPostmaster(
  home: Home,
  binaries: Binaries,
  options: { port: number; settings: Readonly<Record<string, string>> },
): Promise<Postmaster> {
  const settings = {
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
    lc_messages: 'C',
    listen_addresses: '127.0.0.1',
    logging_collector: 'off',
    port: String(options.port),
    unix_socket_directories: '',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const logStart = openLog(home)
  // A session of its own: Ctrl-C in a terminal reaches Node alone, which stops PostgreSQL when it is done with it.
  const child = spawn(binaries.postgres, ['-D', home.cluster, ...flags], {
    cwd: '/',
    detached: true,
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', logStart.descriptor, logStart.descriptor],
    ...home.account,
  })
  closeSync(logStart.descriptor)
  const ended = endOf(child)
  try {
    await untilReady(child, home, ended)
  } catch (error) {
    if (child.pid !== undefined) signal(child.pid, 'SIGQUIT')
    const log = readFileSync(home.log, 'utf8').slice(logStart.length)
    throw log === '' ? error : fromLog(log, { path: home.directory, port: options.port })
  }
  child.unref()
  if (child.pid === undefined) throw new EmbeddedPostgresError('start_failed', 'PostgreSQL has no process.')
  return { pid: child.pid, port: options.port, ended }
}

/**
 * Ends whatever still works on the cluster: a server whose owner was killed, or the backends of a server that was
 * killed itself. Stopping and starting anew takes some 50 ms; it gives the new owner a child of its own with the
 * settings and the port that it asked for, and the clients that an orphan may still have are those of a dead owner.
 */
export async function endOrphans(home: Home): Promise<void> {
  const pid = readPidFile(home.cluster)?.pid
  if (pid !== undefined && isPostmasterOf(pid, home.cluster)) await stopPostmaster(pid)
  const backends = postgresProcessesIn(home.cluster)
  for (const backend of backends) signal(backend, 'SIGKILL')
  await until(() => postgresProcessesIn(home.cluster).length === 0, IMMEDIATE_STOP_TIMEOUT_MS)
  // Its number may belong to somebody else by now, for whom PostgreSQL would refuse to start.
  if (process.platform === 'linux') rmSync(join(home.cluster, 'postmaster.pid'), { force: true })
}

/** A fast shutdown: clients are cut off, what is committed is kept; harder only where that takes too long. */
export async function stopPostmaster(pid: number): Promise<void> {
  const identity = identify(pid)
  if (identity === null) return
  const gone = () => !isAlive(identity)
  if (!signal(pid, 'SIGINT')) return
  if (await until(gone, FAST_STOP_TIMEOUT_MS)) return
  signal(pid, 'SIGQUIT')
  if (await until(gone, IMMEDIATE_STOP_TIMEOUT_MS)) return
  signal(pid, 'SIGKILL')
  await until(gone, IMMEDIATE_STOP_TIMEOUT_MS)
}

function openLog(home: Home): { descriptor: number; length: number } {
  const size = statSync(home.log, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_ROTATION_BYTES) renameSync(home.log, `${home.log}.old`)
  const descriptor = openSync(home.log, 'a', 0o600)
  return { descriptor, length: readFileSync(home.log, 'utf8').length }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  })
}

async function untilReady(child: ChildProcess, home: Home, ended: Promise<void>): Promise<void> {
  let hasEnded = false
  void ended.then(() => {
    hasEnded = true
  })
  const isReady = () => {
    const file = readPidFile(home.cluster)
    return file !== null && file.pid === child.pid && file.isReady
  }
  const settled = await until(() => hasEnded || isReady(), START_TIMEOUT_MS)
  if (hasEnded) throw new EmbeddedPostgresError('start_failed', 'PostgreSQL ended before it was ready.')
  if (!settled) {
    const message = `PostgreSQL was not ready within ${START_TIMEOUT_MS / 1000} s; see ${home.log}.`
    throw new EmbeddedPostgresError('start_failed', message)
  }
}

/** The file that PostgreSQL keeps while it runs: its first line is the process, its eighth the state. */
function readPidFile(cluster: string): { pid: number; isReady: boolean } | null {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')
    const pid = Number(lines[0])
    if (!Number.isInteger(pid) || pid <= 0) return null
    return { pid, isReady: lines[7]?.trim() === 'ready' }
  } catch {
    return null
  }
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await sleep(POLL_MS)
  }
  return true
}

import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SUPERUSER } from './cluster.ts'
import { fromSystemError } from './error.ts'
import { isPostmasterOf } from './process-identity.ts'

/** A server that another process started on a data folder. */
export interface RunningPostgres {
  readonly port: number
  readonly dataDirectory: string
  /** Connects as the superuser; holds the password. */
  url(databaseName: string): string
}

/**
 * The embedded PostgreSQL that runs on a data folder, whoever started it; null where none does.
 * Starts, stops and changes nothing.
 *
 * @throws {EmbeddedPostgresError} `not_permitted` where it belongs to another user
 */
export function findRunningPostgres(dataDirectory: string): RunningPostgres | null {
  const wanted = resolve(dataDirectory)
  try {
    const location = join(wanted, 'location')
    const directory = existsSync(location) ? readFileSync(location, 'utf8').trim() : wanted
    if (!existsSync(directory)) return null
    const port = readPort(join(realpathSync(directory), 'cluster'))
    if (port === null) return null
    const password = readFileSync(join(directory, 'password'), 'utf8').trim()
    const url = (databaseName: string) =>
      `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${encodeURIComponent(databaseName)}`
    return { port, dataDirectory: directory, url }
  } catch (error) {
    throw fromSystemError(error, wanted)
  }
}

/** From the file that PostgreSQL keeps while it runs: lines 1, 4 and 8 are process, port and state. */
function readPort(cluster: string): number | null {
  const path = join(cluster, 'postmaster.pid')
  if (!existsSync(path)) return null
  const lines = readFileSync(path, 'utf8').split('\n')
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  if (!Number.isInteger(port) || lines[7]?.trim() !== 'ready') return null
  return isPostmasterOf(pid, cluster) ? port : null
}

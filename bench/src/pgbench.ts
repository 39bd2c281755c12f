import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type BenchServer, withClient } from './server.ts'

const debianPrograms = '/usr/lib/postgresql/15/bin'
const hotRowScript = fileURLToPath(new URL('./hot-row.sql', import.meta.url))
const database = 'pgbench'
const clients = 16
const scale = 20

/** pgbench's query protocol: `simple` parses each statement, `prepared` plans it once. */
export type Protocol = 'simple' | 'prepared'

/** The yardstick on the same server: Debian's pgbench, 16 clients. */
export interface Pgbench {
  readonly url: string
  /** Bare one-row UPDATEs a second, all on one row. */
  hotRow(protocol: Protocol, seconds: number): Promise<number>
  /** TPC-B-like transactions a second at scale 20. */
  tpcb(protocol: Protocol, seconds: number): Promise<number>
}

export async function preparePgbench(server: BenchServer): Promise<Pgbench> {
  const url = await server.createPlainDatabase(database)
  await runPgbench(server, ['-i', '-q', '-s', String(scale)])
  await withClient(url, async (client) => {
    await client.query('create table hot_row (id integer primary key, value bigint not null)')
    await client.query('insert into hot_row values (1, 0)')
    await client.query('vacuum analyze hot_row')
  })
  const measure = async (protocol: Protocol, seconds: number, script: string[]) => {
    const load = ['-n', '-c', String(clients), '-j', '2', '-T', String(Math.ceil(seconds)), '-M', protocol]
    const output = await runPgbench(server, [...load, ...script])
    const tps = /^tps = ([\d.]+)/m.exec(output)?.[1]
    if (tps === undefined) throw new Error(`pgbench told no rate:\n${output}`)
    return Number(tps)
  }
  return {
    url,
    hotRow: (protocol, seconds) => measure(protocol, seconds, ['-f', hotRowScript]),
    tpcb: (protocol, seconds) => measure(protocol, seconds, ['-b', 'tpcb-like']),
  }
}

/** fdatasync calls of 8 kB a second on the data's disk, by pg_test_fsync. */
export async function measureFdatasync(server: BenchServer): Promise<number> {
  const file = join(server.postgres.dataDirectory, 'fsync-test')
  const child = spawn(program('pg_test_fsync'), ['-s', '1', '-f', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    for await (const line of createInterface(child.stdout)) {
      const rate = /^\s*fdatasync\s+([\d.]+) ops\/sec/.exec(line)?.[1]
      if (rate !== undefined) return Number(rate)
    }
  } finally {
    // Its other tests are not needed.
    child.kill('SIGKILL')
    await exited
    rmSync(file, { force: true })
  }
  throw new Error('pg_test_fsync told no fdatasync rate.')
}

async function runPgbench(server: BenchServer, options: string[]): Promise<string> {
  const { port, user, password } = server.postgres
  const child = spawn(
    program('pgbench'),
    [...options, '-h', '127.0.0.1', '-p', String(port), '-U', user, database],
    {
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin', PGPASSWORD: password },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const output: string[] = []
  const errors: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`pgbench ${options.join(' ')} failed:\n${errors.join('')}`)
  return output.join('')
}

function program(name: string): string {
  const path = join(debianPrograms, name)
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: the benchmark needs Debian's package postgresql-15.`)
  }
  return path
}

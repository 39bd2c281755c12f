import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import type { BenchServer } from './server.ts'

/** What a result ran on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly architecture: string
  readonly memoryGiB: number
  /** File system, device and size of the data's disk. */
  readonly disk: string
  readonly system: string
  readonly node: string
  readonly postgres: string
  readonly pgbench: string
  /** Runnable processes in the minute before the run: what else the machine was doing. */
  readonly loadBefore: number
}

export function describeMachine(server: BenchServer): Machine {
  const processors = cpus()
  return {
    cpu: (processors[0]?.model ?? 'unknown').trim().replaceAll(/\s+/g, ' '),
    cores: processors.length,
    architecture: arch(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    disk: describeDisk(server.postgres.dataDirectory),
    system: `${distribution()}, ${type()} ${release()}`,
    node: process.version,
    postgres: server.version,
    pgbench: tell('/usr/lib/postgresql/15/bin/pgbench', ['--version']).replace(
      /^pgbench \(PostgreSQL\) /,
      '',
    ),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

/** For a file's name: `amd-epyc-2-cores`. */
export function machineSlug({ cpu, cores }: Machine): string {
  const model = cpu
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return `${model}-${cores}-cores`
}

function describeDisk(path: string): string {
  const [, line = ''] = tell('df', ['--output=fstype,source,size', '--block-size=1G', path]).split('\n')
  const [fileSystem = 'unknown', source = '', size = '?'] = line.trim().split(/\s+/)
  return `${fileSystem} on ${source.replace('/dev/', '')}, ${size} GiB`
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

function tell(program: string, options: readonly string[]): string {
  return (spawnSync(program, options, { encoding: 'utf8' }).stdout ?? '').trim()
}

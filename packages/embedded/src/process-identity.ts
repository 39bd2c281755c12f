import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { systemErrorCode } from './error.ts'

/** A process that a later one with the same number cannot be taken for. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, as the system says it: to compare, not to read. */
  readonly startedAt: string
}

/** Who has that number now, or null where nobody has (a zombie counts as nobody). */
export function identify(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === 'linux' ? startedAtOnLinux(pid) : startedAtByPs(pid)
  return startedAt === null ? null : { pid, startedAt }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/** Sends a signal; false where the process is gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false
    throw error
  }
}

/**
 * PostgreSQL's processes that work on that cluster, which is their working directory; Linux only, else none.
 * The program is looked at too, since somebody's shell may stand in the same folder.
 */
export function postgresProcessesIn(cluster: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (pid) => linkOf(pid, 'cwd') === cluster && /\/postgres( \(deleted\))?$/.test(linkOf(pid, 'exe') ?? ''),
    )
    .map(Number)
}

/** Whether that process is the PostgreSQL server of that cluster. */
export function isPostmasterOf(pid: number, cluster: string): boolean {
  if (process.platform === 'linux') return postgresProcessesIn(cluster).includes(pid)
  const answer = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return answer.stdout.includes('postgres') && answer.stdout.includes(cluster)
}

function startedAtOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name may itself hold blanks and brackets: the fields are counted from the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, ticks] = [fields[0], fields[19]]
    if (state === undefined || ticks === undefined || 'ZX'.includes(state)) return null
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${ticks}`
  } catch {
    return null
  }
}

function startedAtByPs(pid: number): string | null {
  const answer = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  })
  const line = answer.stdout.trim()
  if (answer.status !== 0 || line === '' || line.startsWith('Z')) return null
  return line.slice(line.indexOf(' ')).trim()
}

function linkOf(pid: string, name: 'cwd' | 'exe'): string | null {
  try {
    return readlinkSync(`/proc/${pid}/${name}`)
  } catch {
    return null
  }
}

import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts a process's CPU time in hundredths of a second. */
const microsecondsPerTick = 10_000

/** CPU time so far, in microseconds. */
export interface CpuTime {
  readonly user: number
  readonly system: number
}

/** CPU time of PostgreSQL's processes by what they are, such as `backend` or `walwriter`; Linux only. */
export function postgresCpu(postmaster: number): Map<string, CpuTime> {
  const byKind = new Map<string, CpuTime>()
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readFile(`/proc/${entry}/stat`)
    // The second field, a name in parentheses, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(fields[1]) !== postmaster) continue
    const kind = kindOf(readFile(`/proc/${entry}/cmdline`))
    const before = byKind.get(kind) ?? { user: 0, system: 0 }
    byKind.set(kind, {
      user: before.user + Number(fields[11]) * microsecondsPerTick,
      system: before.system + Number(fields[12]) * microsecondsPerTick,
    })
  }
  return byKind
}

/** PostgreSQL writes what a process does over its command line: `postgres: walwriter`, `postgres: user db host …`. */
function kindOf(commandLine: string): string {
  const title = commandLine.replaceAll('\0', ' ').replace(/^postgres: /, '')
  if (/^io worker/.test(title)) return 'io worker'
  const background =
    /^(?:checkpointer|background writer|walwriter|autovacuum \w+|logical replication launcher)/.exec(title)
  return background?.[0] ?? 'backends'
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended meanwhile.
    return ''
  }
}

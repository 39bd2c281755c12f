import { existsSync } from 'node:fs'

const installedBy = 'scripts/ensure-debian-packages.sh installs it.'

/** The folder of Debian's PostgreSQL 15, or null where it is not installed; in CI its absence is a failure. */
export function findDebianPostgres(isCi: boolean): string | null {
  const folder = '/usr/lib/postgresql/15/bin'
  if (existsSync(`${folder}/postgres`)) return folder
  if (isCi) throw new Error(`PostgreSQL 15 is missing from ${folder}: ${installedBy}`)
  return null
}

/** PgBouncer's program, or null where it is not installed; in CI its absence is a failure. */
export function findPgBouncer(isCi: boolean): string | null {
  const program = '/usr/sbin/pgbouncer'
  if (existsSync(program)) return program
  if (isCi) throw new Error(`PgBouncer is missing from ${program}: ${installedBy}`)
  return null
}

/** Whether Debian's Chromium is there; missing in CI is an error. */
export function findChromium(isCi: boolean): boolean {
  const found = existsSync('/usr/bin/chromium')
  if (!found && isCi) throw new Error('Chromium is not installed: bash scripts/ensure-debian-packages.sh')
  return found
}

/** Whether Debian's hledger is there; missing in CI is an error. */
export function findHledger(isCi: boolean): boolean {
  const found = existsSync('/usr/bin/hledger')
  if (!found && isCi) throw new Error(`hledger is missing: ${installedBy}`)
  return found
}

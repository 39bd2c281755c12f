import { existsSync } from 'node:fs'

/** The folder of Debian's PostgreSQL 15, or null where it is not installed; in CI its absence is a failure. */
export function findDebianPostgres(isCi: boolean): string | null {
  const folder = '/usr/lib/postgresql/15/bin'
  if (existsSync(`${folder}/postgres`)) return folder
  if (isCi)
    throw new Error(`PostgreSQL 15 is missing from ${folder}: scripts/ensure-debian-packages.sh installs it.`)
  return null
}

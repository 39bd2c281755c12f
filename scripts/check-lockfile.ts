// The registry in reach may lack a package's binaries for other platforms, and npm then leaves them out of the lock
// without a word: a later `npm ci` elsewhere would fail.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface LockedPackage {
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(text)
const problems = [...findMissing(lock.packages), ...findHosts(lock.packages)]

for (const problem of problems) console.error(`package-lock.json: ${problem}`)
if (problems.length > 0) process.exit(1)

function findMissing(packages: Readonly<Record<string, LockedPackage>>): string[] {
  return Object.entries(packages).flatMap(([path, locked]) =>
    Object.keys(locked.optionalDependencies ?? {})
      .filter((name) => !isLocked(packages, path, name))
      .map((name) => `${name}, an optional dependency of ${path === '' ? 'the root' : path}, is not in it`),
  )
}

/** Looks where Node would: beside the dependent's own dependencies, then in every folder above. */
function isLocked(packages: Readonly<Record<string, LockedPackage>>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (candidate in packages) return true
    if (folder === '') return false
  }
}

/** Workspaces resolve to folders; anything with a host in it would tie the lock to one registry. */
function findHosts(packages: Readonly<Record<string, LockedPackage>>): string[] {
  return Object.entries(packages)
    .filter(([, locked]) => locked.resolved?.includes('://') === true)
    .map(([path]) => `${path} names a registry host`)
}

import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { getTsconfig } from 'get-tsconfig'
import { CliError } from '../failure.ts'
import { type Framework, frameworkChoices } from './choices.ts'

/** The project that init works on, as it is before. */
export interface Project {
  /** The folder of package.json. */
  readonly directory: string
  readonly manifest: Manifest
  /** package.json as it stands there. */
  readonly manifestText: string
  /** By the dependencies; null where none of the three, or more than one, is among them. */
  readonly framework: Framework | null
  readonly packageManager: PackageManager
}

export interface Manifest {
  readonly name?: string
  readonly type?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

const lockfiles: Readonly<Record<string, PackageManager>> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
}

/**
 * Reads the project of a folder.
 *
 * @throws {CliError} where there is no package.json, it is not JSON, or it is one of CommonJS
 */
export function readProject(directory: string): Project {
  const path = join(directory, 'package.json')
  if (!existsSync(path)) {
    throw new CliError('There is no package.json here: run stipend init in the folder of your app.')
  }
  const manifestText = readFileSync(path, 'utf8')
  const manifest = parseManifest(manifestText)
  if (manifest.type === 'commonjs') {
    throw new CliError(
      'package.json says "type": "commonjs", and what Stipend writes are ES modules: set "type": "module" or take the line out, then run stipend init again.',
    )
  }
  const known = { ...manifest.dependencies, ...manifest.devDependencies }
  // Next's apps may have Hono inside; the other way round does not happen.
  const found =
    known['next'] === undefined ? frameworkChoices.filter((name) => name in known) : ['next' as const]
  const lockfile = Object.keys(lockfiles).find((name) => existsSync(join(directory, name)))
  return {
    directory,
    manifest,
    manifestText,
    framework: found.length === 1 ? (found[0] ?? null) : null,
    packageManager: lockfile === undefined ? 'npm' : (lockfiles[lockfile] ?? 'npm'),
  }
}

function parseManifest(text: string): Manifest {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  } catch {
    // Told below.
  }
  throw new CliError('package.json is not a JSON object: mend it, then run stipend init again.')
}

/** Where the app's sources are. */
export interface Layout {
  /** Of `stipend.ts` and the files beside it, relative to the project: '' or 'src'. */
  readonly folder: string
  /** The file that makes the Hono or Express app; null where none, or more than one, was found. */
  readonly entry: string | null
  /** What a relative import of a `.ts` file ends with. */
  readonly importEnding: '' | '.js' | '.ts'
}

const entryNames = ['app', 'index', 'server', 'main'].flatMap((name) => [`src/${name}.ts`, `${name}.ts`])
const makesApp = { hono: /= new (?:Hono|OpenAPIHono)\b/, express: /= express\(\)/ } as const

export function layoutOf({ directory }: Project, framework: Framework): Layout {
  const importEnding = importEndingOf(directory, framework)
  if (framework === 'next') {
    const hasSources = ['src/app', 'src/pages'].some((name) => existsSync(join(directory, name)))
    return { folder: hasSources ? 'src' : '', entry: null, importEnding }
  }
  const found = entryNames.filter((name) => {
    const path = join(directory, name)
    return existsSync(path) && makesApp[framework].test(readFileSync(path, 'utf8'))
  })
  const entry = found.length === 1 ? (found[0] ?? null) : null
  const hasSources = existsSync(join(directory, 'src'))
  const folder = entry === null ? (hasSources ? 'src' : '') : dirname(entry)
  return { folder: folder === '.' ? '' : folder, entry, importEnding }
}

function importEndingOf(directory: string, framework: Framework): Layout['importEnding'] {
  const found = getTsconfig(directory)
  // Of a folder above: another project's.
  const options =
    found !== null && dirname(found.path) === directory ? found.config.compilerOptions : undefined
  if (framework === 'next') return ''
  if (options === undefined) return '.ts'
  if (options.allowImportingTsExtensions === true || options.rewriteRelativeImportExtensions === true)
    return '.ts'
  return options.moduleResolution?.toLowerCase() === 'bundler' ? '' : '.js'
}

/** The relative import of one of the project's `.ts` files from another. */
export function importOf(layout: Layout, from: string, to: string): string {
  const ups = dirname(from) === '.' ? 0 : dirname(from).split('/').length
  const toFolder = dirname(to) === '.' ? [] : dirname(to).split('/')
  const fromFolder = dirname(from) === '.' ? [] : dirname(from).split('/')
  let shared = 0
  while (shared < ups && fromFolder[shared] === toFolder[shared] && shared < toFolder.length) shared++
  const up = '../'.repeat(ups - shared)
  const down = toFolder
    .slice(shared)
    .map((part) => `${part}/`)
    .join('')
  return `${up === '' ? './' : up}${down}${basename(to, '.ts')}${layout.importEnding}`
}

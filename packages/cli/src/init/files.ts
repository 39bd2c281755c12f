import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Choices } from './choices.ts'
import { addDependencies } from './dependencies.ts'
import { importOf, type Layout, type Project } from './project.ts'
import { authFile } from './templates/auth.ts'
import { catalogFile } from './templates/catalog.ts'
import { mountInEntry, mountLines } from './templates/entry.ts'
import { identifyFile } from './templates/identify.ts'
import {
  addExternalPackages,
  externalAdvice,
  nextAuthRouteFile,
  nextConfigFile,
  nextRouteFile,
} from './templates/routes.ts'
import { stipendFile } from './templates/stipend.ts'

/** One file that init would write. */
export interface FileChange {
  /** Relative to the project. */
  readonly path: string
  /** What is there; null: nothing. */
  readonly before: string | null
  readonly after: string
  /** `file`: all of it is init's. `lines`: what is there stays, and lines come in. */
  readonly kind: 'file' | 'lines'
}

export interface Plan {
  readonly changes: readonly FileChange[]
  /** What has to be done by hand, since a file is not of the usual form. */
  readonly byHand: readonly string[]
  readonly catalogPath: string
  /** The file of sign-in; null where the app has its own. */
  readonly authPath: string | null
}

/** Everything that init would write but `.env`, compared with what is there. Writes nothing. */
export function planFiles(project: Project, layout: Layout, choices: Choices): Plan {
  const inFolder = (name: string) => (layout.folder === '' ? name : `${layout.folder}/${name}`)
  const stipendPath = inFolder('stipend.ts')
  const catalogPath = inFolder('stipend.catalog.ts')
  const hasAuth = choices.customers === 'sign-in'
  const identityPath = inFolder(hasAuth ? 'stipend.auth.ts' : 'stipend.identify.ts')
  const imports = {
    catalog: importOf(layout, stipendPath, catalogPath),
    identity: importOf(layout, stipendPath, identityPath),
  }
  const route = planRoute(project, layout, choices, stipendPath)
  const whole: [string, string][] = [
    [catalogPath, catalogFile],
    [identityPath, hasAuth ? authFile : identifyFile],
    [stipendPath, stipendFile(choices, imports)],
    ...route.files,
  ]
  const manifest = addDependencies(project.manifestText, project.manifest, choices)
  const lines: [string, string][] = [
    ...route.lines,
    ['package.json', manifest],
    ['.gitignore', withLines(read(project, '.gitignore'), ['.env', '.stipend/'])],
    ['.env.example', withExamples(read(project, '.env.example'), exampleSettings(choices))],
  ]
  const change = (kind: FileChange['kind']) => (entry: [string, string]) => {
    const [path, after] = entry
    return { path, before: read(project, path), after, kind }
  }
  const changes = [...whole.map(change('file')), ...lines.map(change('lines'))]
  return {
    changes: changes.filter(({ before, after }) => before !== after),
    byHand: route.byHand,
    catalogPath,
    authPath: hasAuth ? identityPath : null,
  }
}

interface RoutePlan {
  files: [string, string][]
  lines: [string, string][]
  byHand: string[]
}

function planRoute(project: Project, layout: Layout, choices: Choices, stipendPath: string): RoutePlan {
  const { framework } = choices
  if (framework === 'next') return planNext(project, layout, choices, stipendPath)
  const from = layout.entry ?? (layout.folder === '' ? 'app.ts' : `${layout.folder}/app.ts`)
  const stipend = importOf(layout, from, stipendPath)
  const mounts = { framework, customers: choices.customers }
  const text = layout.entry === null ? null : read(project, layout.entry)
  const after = text === null ? null : mountInEntry(text, mounts, stipend)
  if (layout.entry !== null && after !== null)
    return { files: [], lines: [[layout.entry, after]], byHand: [] }
  const { imports, mounts: mounted } = mountLines(mounts, stipend)
  const where = layout.entry ?? `the file that makes your ${framework === 'hono' ? 'Hono' : 'Express'} app`
  return { files: [], lines: [], byHand: [`Add to ${where}:`, ...imports, ...mounted] }
}

function planNext(project: Project, layout: Layout, choices: Choices, stipendPath: string): RoutePlan {
  const app = layout.folder === '' ? 'app' : `${layout.folder}/app`
  const route = `${app}/api/stipend/[[...path]]/route.ts`
  const auth = `${app}/api/auth/[...all]/route.ts`
  const files: [string, string][] = [[route, nextRouteFile(importOf(layout, route, stipendPath))]]
  if (choices.customers === 'sign-in') {
    files.push([auth, nextAuthRouteFile(importOf(layout, auth, stipendPath))])
  }
  const names = ['next.config.ts', 'next.config.mjs', 'next.config.js']
  const settings = names.find((name) => existsSync(join(project.directory, name)))
  if (settings === undefined) {
    return { files: [...files, ['next.config.ts', nextConfigFile]], lines: [], byHand: [] }
  }
  const after = addExternalPackages(read(project, settings) ?? '')
  if (after === null) return { files, lines: [], byHand: [externalAdvice] }
  return { files, lines: [[settings, after]], byHand: [] }
}

function exampleSettings({ customers, payments }: Choices): [string, string][] {
  const stripe: [string, string][] = [
    ['STRIPE_SECRET_KEY', 'sk_test_…'],
    ['STRIPE_WEBHOOK_SECRET', 'whsec_…'],
    ['FRONTEND_URL', 'http://localhost:3000'],
  ]
  return [
    ['DATABASE_URL', 'postgres://user:password@host:5432/database'],
    ['OPENAI_API_KEY', 'sk-…'],
    ...(customers === 'sign-in' ? signInExample : []),
    ...(payments === 'none' ? [] : stripe),
  ]
}

const signInExample: [string, string][] = [
  ['BETTER_AUTH_SECRET', '32 random characters or more'],
  ['BETTER_AUTH_URL', 'http://localhost:3000'],
]

/** An example of settings with those that it does not name yet, be it commented out. */
export function withExamples(text: string | null, settings: readonly [string, string][]): string {
  return withSettings(text, settings, /^\s*#?\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/gm)
}

/** A file of settings with those that it does not set yet. */
export function withSettings(
  text: string | null,
  settings: readonly [string, string][],
  naming = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/gm,
): string {
  const named = new Set([...(text ?? '').matchAll(naming)].map(([, name]) => name))
  return withLines(
    text,
    settings.filter(([name]) => !named.has(name)).map(([name, value]) => `${name}=${value}`),
  )
}

function withLines(text: string | null, wanted: readonly string[]): string {
  const present = new Set((text ?? '').split(/\r?\n/).map((line) => line.trim()))
  // `.env*` and `.stipend` do as well.
  const covers = (line: string) =>
    present.has(line) ||
    present.has(line.replace(/\/$/, '')) ||
    present.has(`/${line}`) ||
    (line === '.env' && present.has('.env*'))
  const missing = wanted.filter((line) => !covers(line))
  if (missing.length === 0) return text ?? ''
  const begin = text === null || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`
  return `${begin}${missing.map((line) => `${line}\n`).join('')}`
}

function read({ directory }: Project, path: string): string | null {
  const file = join(directory, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

/** Writes one, with its folders. Settings are for their owner alone. */
export async function writeChange({ directory }: Project, { path, after }: FileChange): Promise<void> {
  const file = join(directory, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, after, path === '.env' ? { mode: 0o600 } : {})
}

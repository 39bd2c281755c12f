import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Choices } from './choices.ts'
import { addDependencies, developmentVersions, versions } from './dependencies.ts'
import { planFiles } from './files.ts'
import { importOf, layoutOf, readProject } from './project.ts'
import { maskSettings, planSettings } from './settings.ts'
import { mountInEntry } from './templates/entry.ts'
import { addExternalPackages } from './templates/routes.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function projectOf(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-init-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}
const manifest = (dependencies: object, more: object = {}) =>
  JSON.stringify({ name: 'x', ...more, dependencies })

const choices: Choices = {
  database: { kind: 'embedded', port: null },
  customers: 'app',
  framework: 'hono',
  payments: 'none',
}

test.each([
  [{ next: '16', hono: '4' }, 'next'],
  [{ hono: '4' }, 'hono'],
  [{ express: '5' }, 'express'],
  [{ hono: '4', express: '5' }, null],
  [{ fastify: '5' }, null],
])('dependencies %j: %s', (dependencies, framework) => {
  expect(readProject(projectOf({ 'package.json': manifest(dependencies) })).framework).toBe(framework)
})

test.each([
  [{}, 'There is no package.json here'],
  [{ 'package.json': '[]' }, 'package.json is not a JSON object'],
  [{ 'package.json': '{ "name": ' }, 'package.json is not a JSON object'],
  [{ 'package.json': manifest({}, { type: 'commonjs' }) }, 'set "type": "module"'],
])('a folder with %j is refused by a sentence', (files, sentence) => {
  expect(() => readProject(projectOf(files as Record<string, string>))).toThrow(sentence)
})

test('the package manager is that of the lockfile', () => {
  const files = { 'package.json': manifest({}), 'pnpm-lock.yaml': '' }
  expect(readProject(projectOf(files)).packageManager).toBe('pnpm')
})

test.each([
  [null, '.ts'],
  ['{ "compilerOptions": { "module": "nodenext" } }', '.js'],
  ['{ "compilerOptions": { "moduleResolution": "Bundler" } } // as Vite has it', ''],
  ['{ "compilerOptions": { "module": "nodenext", "rewriteRelativeImportExtensions": true } }', '.ts'],
])('with tsconfig %j imports end with %j', (tsconfig, ending) => {
  const files = {
    'package.json': manifest({ hono: '4' }),
    'src/index.ts': 'const app = new Hono()\n',
    ...(tsconfig === null ? {} : { 'tsconfig.json': tsconfig }),
  }
  const layout = layoutOf(readProject(projectOf(files)), 'hono')
  expect(layout).toEqual({ folder: 'src', entry: 'src/index.ts', importEnding: ending })
  expect(importOf(layout, 'src/index.ts', 'src/stipend.ts')).toBe(`./stipend${ending}`)
  expect(importOf(layout, 'src/app/api/x/route.ts', 'src/stipend.ts')).toBe(`../../../stipend${ending}`)
})

test('two files that make an app: neither is touched, and the lines are told', () => {
  const app = 'export const app = new Hono()\n'
  const files = { 'package.json': manifest({ hono: '4' }), 'src/app.ts': app, 'src/index.ts': app }
  const project = readProject(projectOf(files))
  const plan = planFiles(project, layoutOf(project, 'hono'), choices)
  expect(plan.byHand).toContain("app.mount('/api/stipend', stipend.fetch)")
  expect(plan.changes.map(({ path }) => path)).not.toContain('src/index.ts')
})

test('the mount comes after the app and the imports after the last import, in the style of the file', () => {
  const entry = `import express from 'express';
import {
  one,
} from './one.js';

export const shop = express();
shop.use(express.json());
`
  expect(
    mountInEntry(entry, { framework: 'express', customers: 'app' }, './stipend.js'),
  ).toBe(`import express from 'express';
import {
  one,
} from './one.js';
import { toNodeHandler } from '@stipend/server/node';
import { stipend } from './stipend.js';

export const shop = express();
// Before express.json(): they read bodies themselves.
shop.use('/api/stipend', toNodeHandler(stipend.fetch));
shop.use(express.json());
`)
  const chained = "const app = new Hono().basePath('/v1')\n"
  expect(mountInEntry(chained, { framework: 'hono', customers: 'app' }, './x')).toBe(null)
  const mounted = "const app = new Hono()\napp.mount('/api/stipend', stipend.fetch)\n"
  expect(mountInEntry(mounted, { framework: 'hono', customers: 'app' }, './x')).toBe(mounted)
})

test.each([
  ['export default {\n  reactStrictMode: true,\n}\n', true],
  ['const config: NextConfig = {}\nexport default config\n', true],
  ['const nextConfig = {\n};\nmodule.exports = nextConfig;\n', true],
  ['export default withMDX({})\n', false],
  ["const config = {\n  serverExternalPackages: ['sharp'],\n}\n", false],
])('Next’s settings %j take the packages: %s', (text, isUsual) => {
  const after = addExternalPackages(text)
  if (!isUsual) return expect(after).toBe(null)
  expect(after).toContain(
    "serverExternalPackages: ['@stipend/db', '@stipend/engine', '@stipend/server', 'pg'],",
  )
  return expect(addExternalPackages(after ?? '')).toBe(after)
})

test('a dependency that is there keeps its version, and the indentation stays', () => {
  const text = '{\n\t"name": "x",\n\t"dependencies": {\n\t\t"pg": "8.0.0"\n\t}\n}\n'
  const after = addDependencies(text, JSON.parse(text), choices)
  expect(after).toContain('\t\t"pg": "8.0.0"')
  expect(JSON.parse(after).dependencies).not.toHaveProperty('better-auth')
  expect(addDependencies(after, JSON.parse(after), choices)).toBe(after)
})

test('the versions that init writes are those that the tests run with', () => {
  const lock = readFileSync(join(import.meta.dirname, '../../../../package-lock.json'), 'utf8')
  const locked: Readonly<Record<string, { version?: string }>> = JSON.parse(lock).packages
  for (const [name, version] of Object.entries({ ...versions, ...developmentVersions })) {
    expect(`${name} ^${locked[`node_modules/${name}`]?.version}`).toBe(`${name} ${version}`)
  }
})

test('settings that are set stay, and a URL that .env would misread is encoded', () => {
  const env = '# DATABASE_URL=postgres://commented/out\nBETTER_AUTH_SECRET=mine\n'
  const project = readProject(projectOf({ 'package.json': manifest({ hono: '4' }), '.env': env }))
  const withSignIn = { ...choices, customers: 'sign-in' } as const
  const change = planSettings(project, withSignIn, 'postgres://a:p$#x@db/app')
  expect(change?.after).toBe(
    `${env}DATABASE_URL=postgres://a:p%24%23x@db/app\nBETTER_AUTH_URL=http://localhost:3000\n`,
  )
  expect(maskSettings('  A=secret\nexport B=secret')).toBe('  A=…\nexport B=…')
  expect(readFileSync(join(project.directory, '.env'), 'utf8')).toBe(env)
})

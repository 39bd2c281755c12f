import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
let site: string
const pages = new Map<string, string>()

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'stipend-docs-'))
  // Fails at a link to a page that is not there.
  const program = join(root, 'node_modules/vitepress/bin/vitepress.js')
  await promisify(execFile)(process.execPath, [program, 'build', 'docs', '--outDir', site], { cwd: root })
  for await (const path of glob('**/*.html', { cwd: site })) {
    pages.set(path, await readFile(join(site, path), 'utf8'))
  }
}, 120_000)
afterAll(() => rm(site, { recursive: true, force: true }))

test('every link of the site leads to a page, and to a heading that is there', () => {
  const dead: string[] = []
  let count = 0
  for (const [path, html] of pages) {
    for (const [, href = ''] of html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)) {
      if (/^(?:https?|mailto):/.test(href)) continue
      count += 1
      const { pathname, hash } = new URL(href.replaceAll('&amp;', '&'), `http://site/${path}`)
      const file = decodeURIComponent(pathname)
        .slice(1)
        .replace(/(^|\/)$/, '$1index.html')
      const target = pages.get(file) ?? pages.get(`${file}.html`)
      const id = decodeURIComponent(hash).slice(1)
      if (target === undefined || (id !== '' && !target.includes(`id="${id}"`))) dead.push(`${path}: ${href}`)
    }
  }
  expect(count).toBeGreaterThan(1_000)
  expect(dead).toEqual([])
})

test('links of the sources lead to files', async () => {
  const dead: string[] = []
  let count = 0
  for await (const path of glob('**/*.md', { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })) {
    const text = (await readFile(join(root, path), 'utf8')).replaceAll(/^ *```.*?^ *```$/gms, '')
    for (const [, href = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = ''] = href.split('#')
      if (file === '' || /^[a-z]+:/.test(file)) continue
      count += 1
      const target = file.startsWith('/') ? join(root, `${file}.md`) : resolve(root, dirname(path), file)
      if (!existsSync(target)) dead.push(`${path}: ${href}`)
    }
  }
  expect(count).toBeGreaterThan(100)
  expect(dead).toEqual([])
})

test('the site loads nothing from elsewhere', async () => {
  const loaded = [...pages].flatMap(([path, html]) =>
    [...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(https?:)?\/\/[^"]*"/g)].map(
      ([tag]) => `${path}: ${tag}`,
    ),
  )
  for await (const path of glob('**/*.css', { cwd: site })) {
    const css = await readFile(join(site, path), 'utf8')
    loaded.push(...[...css.matchAll(/url\(["']?(?:https?:)?\/\/[^)]*\)/g)].map(([url]) => `${path}: ${url}`))
  }
  expect(pages.size).toBeGreaterThan(30)
  expect(loaded).toEqual([])
})

test('the table of environment variables has what the entry files read, and nothing else', async () => {
  const table = await readFile(join(root, 'docs/operating/environment.md'), 'utf8')
  const [server = '', commandLine = ''] = table.split('## The command line')
  const listed = (part: string) =>
    [...part.matchAll(/^\| ([A-Z_, ]+) \|/gm)].flatMap(([, names = '']) => names.split(', ')).toSorted()
  expect(listed(server)).toEqual(
    await read('apps/testimonials/server/src/{main.ts,metrics-settings.ts,*/settings.ts}', [
      /\bread\('([A-Z_]+)'/g,
      /'([A-Z]+(?:_[A-Z]+)+)'/g,
      /\b(?:count|keyed|flag)\('([A-Z_]+)'/g,
    ]),
  )
  const cli = await read('packages/cli/src/main.ts', [/process\.env\['([A-Z_]+)'\]/g])
  // NO_COLOR is Node's own.
  expect(listed(commandLine)).toEqual([...cli, 'NO_COLOR'].toSorted())
})

async function read(pattern: string, forms: readonly RegExp[]): Promise<string[]> {
  const names = new Set<string>()
  for await (const path of glob(pattern, { cwd: root })) {
    const text = await readFile(join(root, path), 'utf8')
    for (const form of forms) for (const [, name = ''] of text.matchAll(form)) names.add(name)
  }
  return [...names].toSorted()
}

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { type Browser, chromium } from '@playwright/test'
import { credits } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumFlags, chromiumPath } from '../../packages/vue/scripts/chromium.ts'
import { createServer } from './server.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
let folder: string
let url: string
let browser: Browser | undefined
let cost = 1.25
const database = await createTestDatabase()
const { app, stipend, organizationId } = createServer(database.server, () => cost)
let server: ReturnType<typeof serve>

const npm = (args: string[], cwd: string) => run('npm', args, { cwd, maxBuffer: 10_000_000 })

/** Packs a workspace as it would be published; the tarball's path. */
async function pack(name: string): Promise<string> {
  await npm(['run', 'build', '-w', name], root)
  const { stdout } = await npm(['pack', '-w', name, '--json', '--pack-destination', folder], root)
  const found = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1]
  if (found === undefined) throw new Error(`npm pack said ${stdout}`)
  return join(folder, found.replace('@', '').replace('/', '-'))
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stipend-example-vue-'))
  const tarballs = {
    '@stipend/client': await pack('@stipend/client'),
    '@stipend/vue': await pack('@stipend/vue'),
  }
  const page = join(folder, 'page')
  await mkdir(page)
  for (const name of ['index.html', 'vite.config.ts', 'src']) {
    await cp(join(import.meta.dirname, name), join(page, name), { recursive: true })
  }
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8'))
  // What the page is built with, without what this test needs.
  const { vite, '@vitejs/plugin-vue': plugin } = manifest.devDependencies
  const devDependencies = { vite, '@vitejs/plugin-vue': plugin }
  const files = Object.fromEntries(Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]))
  const dependencies = { ...manifest.dependencies, ...files }
  await writeFile(
    join(page, 'package.json'),
    JSON.stringify({ ...manifest, dependencies, devDependencies, overrides: files }),
  )
  await npm(['install', '--no-audit', '--no-fund', '--prefer-offline'], page)
  await npm(['run', 'build'], page)
  await stipend.engine.pushCatalog({ author: 'test' })
  await stipend.engine.putOrganization({ organizationId, name: 'Acme', plan: 'free' })
  app.use('/*', serveStatic({ root: join(page, 'dist') }))
  url = await new Promise((resolve) => {
    server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    )
  })
}, 240_000)
afterAll(async () => {
  await browser?.close()
  expect((await stipend.engine.verifyLedger()).problems).toEqual([])
  await stipend.close()
  server?.close()
  await database[Symbol.asyncDispose]()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

test.skipIf(!existsSync(chromiumPath))(
  'the packed packages, installed and built in a bare app, show price, receipt and refusal',
  { timeout: 60_000 },
  async () => {
    const assets = await readdir(join(folder, 'page/dist/assets'))
    expect(assets.some((name) => name.endsWith('.css'))).toBe(true)
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags })
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      // A refusal is an answer with a status, which the browser notes as an error.
      if (message.type() === 'error' && !message.text().includes('402')) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(url)
    await page.getByRole('button', { name: 'Write · ~4' }).click()
    await page.getByText('Thank you for writing. A new kettle is on its way.').waitFor()
    await page.getByRole('button', { name: /1\.25 of ~4 held/ }).waitFor()
    await page.getByRole('img', { name: '1.25 used, 0 held, 8.75 left' }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('radio', { name: 'Enhanced' }).click()
    cost = 8
    await page.getByRole('button', { name: 'Write · ~8' }).click()
    await page.getByRole('button', { name: /8 of ~8 held/ }).waitFor()
    await page.getByRole('button', { name: /^Write/ }).click()
    const refusal = page.getByRole('alert')
    await refusal.getByText('More credits are needed').waitFor()
    await refusal.getByRole('button', { name: 'Top up 100 credits' }).click()
    await page
      .getByRole('dialog')
      .getByRole('radio', { name: /100 credits/ })
      .waitFor()
    expect(await page.getByRole('dialog').textContent()).toContain('$9.99')
    expect((await stipend.engine.checkCreditBalance(organizationId)).balance).toBe(credits(0.75))
    expect(complaints).toEqual([])
  },
)

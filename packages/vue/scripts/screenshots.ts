import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { chromium, type Page } from '@playwright/test'
import { type ApiKeyScope, credits } from '@stipend/engine'
import { databaseUrl, serverDatabaseUrl, startTestCluster } from '@stipend/testing/cluster'
import vue from '@vitejs/plugin-vue'
import axe from 'axe-core'
import { Pool } from 'pg'
import { createServer } from 'vite'
import { createKitServer } from '../src/test-support/kit-server.ts'
import { chromiumFlags, chromiumPath } from './chromium.ts'

/** Pictures of all components in their states, on a real server, into docs/screenshots/vue; colours are checked too. */

const folder = join(import.meta.dirname, '../../../docs/screenshots/vue')
const widths = [390, 1280]
const themes = ['light', 'dark'] as const

const { cluster, stop } = await startTestCluster({ binaries: null, pgBouncer: null })
const owner = new Pool({ connectionString: databaseUrl(cluster, cluster.owner, 'stipend_template') })
const database = new Pool({ connectionString: serverDatabaseUrl(cluster, 'stipend_template') })
const stipend = createKitServer(database)
const keys = await fill()
const api = await new Promise<{ port: number; close(): void }>((resolve) => {
  const server = serve({ fetch: stipend.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
    resolve({ port, close: () => server.close() }),
  )
})
const vite = await createServer({
  configFile: false,
  root: join(import.meta.dirname, '../screenshots'),
  plugins: [vue()],
  resolve: { conditions: ['stipend-source', 'module', 'browser', 'development'] },
  server: {
    host: '127.0.0.1',
    port: 0,
    proxy: {
      '/api': { target: `http://127.0.0.1:${api.port}`, rewrite: (path) => path.replace(/^\/api/, '') },
    },
  },
  logLevel: 'warn',
})
await vite.listen()
const url = vite.resolvedUrls?.local[0] ?? ''
const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags })
try {
  await mkdir(folder, { recursive: true })
  for (const theme of themes) for (const width of widths) await take(theme, width)
} finally {
  await browser.close()
  await vite.close()
  await stipend.close()
  api.close()
  await Promise.all([database.end(), owner.end()])
  await stop()
}

async function take(theme: (typeof themes)[number], width: number): Promise<void> {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: 900 },
    reducedMotion: 'reduce',
    locale: 'en-US',
    deviceScaleFactor: width < 600 ? 2 : 1,
  })
  await context.addInitScript(`localStorage.setItem('keys', ${JSON.stringify(JSON.stringify(keys))})`)
  const page = await context.newPage()
  page.on('pageerror', (error) => fail(`${theme} ${width}: ${error.message}`))
  await page.goto(url)
  await page.getByText('Starter package').first().waitFor({ timeout: 10_000 })
  await page.getByText('Live', { exact: true }).first().waitFor()
  await page.getByText('cannot be reached').first().waitFor({ timeout: 10_000 })
  await check(page, `${theme} ${width}`)
  await page.screenshot({ path: join(folder, `components-${theme}-${width}.png`), fullPage: true })
  await page.getByRole('button', { name: /^Top up 100/ }).click()
  await page.getByRole('radio', { name: /500 credits/ }).waitFor()
  await check(page, `${theme} ${width}, dialog`)
  await page.screenshot({ path: join(folder, `top-up-${theme}-${width}.png`) })
  await page.keyboard.press('Escape')
  await page
    .getByRole('button', { name: /1\.25 of ~4/ })
    .first()
    .click()
  await page.getByText('Balance after').waitFor()
  await page.screenshot({ path: join(folder, `receipt-${theme}-${width}.png`) })
  const overflow: number = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  if (overflow > 0) fail(`${theme} ${width}: the page is ${overflow} px too wide`)
  await context.close()
}

async function check(page: Page, where: string): Promise<void> {
  await page.addScriptTag({ content: axe.source })
  const found: string[] =
    await page.evaluate(`axe.run({ exclude: [['[data-reka-focus-guard]']] }, { rules: { 'landmark-unique': { enabled: false } } }).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ' ' + html + ' ' + failureSummary)))`)
  for (const violation of found) fail(`${where}: ${violation}`)
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 1
}

/** The organizations of the stories; their keys. */
async function fill(): Promise<Record<string, string>> {
  const { engine } = stipend
  await engine.pushCatalog({ author: 'screenshots' })
  const ann = { type: 'member', id: 'ann', name: 'Ann Berger' } as const
  const spend = (organizationId: string, capability: 'reply' | 'summary', amount: number) =>
    engine.executeWithAIAccess({ organizationId, capability, actor: ann }, async () => ({
      result: null,
      actualCredits: credits(amount),
    }))
  const made: Record<string, string> = {}
  const plans = {
    busy: 'pro',
    low: 'free',
    short: 'free',
    unlimited: 'team',
    fresh: 'free',
    denied: 'free',
  } as const
  const all: readonly ApiKeyScope[] = ['ai:run', 'credits:read', 'billing:write']
  for (const [organizationId, plan] of Object.entries(plans)) {
    await engine.putOrganization({ organizationId, name: organizationId, plan })
    const scopes = organizationId === 'denied' ? (['ai:run'] as const) : all
    made[organizationId] = (await engine.createApiKey({ organizationId, name: 'page', scopes })).secret
  }
  for (const amount of [1.25, 24, 31.5]) await spend('busy', 'reply', amount)
  await engine.grantCredits({
    organizationId: 'busy',
    type: 'topup',
    credits: credits(100),
    sourceId: 'cs_a1',
    reason: 'Starter package',
  })
  for (const amount of [18.75, 40, 12]) await spend('busy', 'reply', amount)
  await spend('busy', 'summary', 2)
  await engine.reserveCredits({
    organizationId: 'busy',
    capability: 'reply',
    quality: 'enhanced',
    actor: ann,
    leaseSeconds: 300,
    estimatedCredits: credits(60),
  })
  for (let call = 0; call < 6; call += 1) await spend('low', 'reply', 0.05)
  await spend('low', 'reply', 8.25)
  await spend('short', 'reply', 9)
  return made
}

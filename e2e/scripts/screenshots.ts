import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from '@playwright/test'
import { chromiumFlags, chromiumPath } from '../../packages/vue/scripts/chromium.ts'
import { heightOf, settled } from '../support/in-page.ts'
import { addressOf, consolePages, operatorPages, signInPages } from '../support/pages.ts'
import { openDemo } from './demo.ts'

/**
 * Pictures of every page of the console with the demo's data, light and dark, 390 and 1280 px wide, into
 * docs/screenshots/console; with the states empty, loading, failing and refused of the pages that have them. Names of
 * pages as arguments: those alone.
 */

const folder = join(import.meta.dirname, '../../docs/screenshots/console')
const wanted = process.argv.slice(2)
/** Of a picture, in pixels of the page: lists go on and on. */
const longest = 1_700
const demo = await openDemo()
const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags })
try {
  await mkdir(folder, { recursive: true })
  const state = await demo.signIn(browser)
  const entry = await latestCharge()
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) await takeAll(browser, { state, colorScheme, width, entry })
  }
} finally {
  await browser.close()
  await demo.stop()
}

interface View {
  state: Awaited<ReturnType<typeof demo.signIn>>
  colorScheme: 'light' | 'dark'
  width: number
  entry: string
}

async function latestCharge(): Promise<string> {
  const { transactions } = await demo.testimonials.engine.listTransactions({
    organizationId: 'lumen-coffee',
    type: 'ai_consumption',
    limit: 1,
  })
  return String(transactions[0]?.sequence ?? 1)
}

async function takeAll(browser: Browser, { state, colorScheme, width, entry }: View): Promise<void> {
  const view = {
    colorScheme,
    viewport: { width, height: width < 600 ? 844 : 900 },
    deviceScaleFactor: width < 600 ? 1.5 : 1,
    reducedMotion: 'reduce',
    locale: 'en-US',
  } as const
  const signedIn = await browser.newContext({ ...view, storageState: state })
  const stranger = await browser.newContext(view)
  const page = await signedIn.newPage()
  const take = async (name: string, on: Page = page) => {
    const height = isDialog(name) ? 0 : Math.min(longest, await heightOf(on))
    const clip = height === 0 ? {} : { fullPage: true, clip: { x: 0, y: 0, width, height } }
    await on.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), ...clip })
  }
  const isDialog = (name: string) => /receipt|invite|new-|palette/.test(name)
  const given = { slug: 'lumen-coffee', formId: demo.formId, entry }
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name)
  for (const [name, path] of Object.entries({ ...consolePages, ...operatorPages }).filter(([known]) =>
    isWanted(known),
  )) {
    await page.goto(`${demo.url}${addressOf(path, given)}`)
    await settled(page)
    await take(name)
  }
  for (const [name, path] of Object.entries(signInPages).filter(([known]) => isWanted(known))) {
    const own = await stranger.newPage()
    await own.goto(`${demo.url}${path}`)
    await settled(own)
    await take(name, own)
    await own.close()
  }
  if (isWanted('palette')) {
    await page.goto(`${demo.url}/app/lumen-coffee/overview`)
    await settled(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor()
    await take('palette')
  }
  await takeStates(page, take, isWanted)
  await Promise.all([signedIn.close(), stranger.close()])
}

async function takeStates(
  page: Page,
  take: (name: string) => Promise<void>,
  isWanted: (name: string) => boolean,
): Promise<void> {
  const free = { slug: 'fern-and-fig', formId: demo.formId, entry: '1' }
  for (const name of ['overview', 'forms', 'usage-history'] as const) {
    if (!isWanted(`${name}-empty`)) continue
    await page.goto(`${demo.url}${addressOf(consolePages[name], free)}`)
    await settled(page)
    await take(`${name}-empty`)
  }
  if (isWanted('studio-refused')) {
    await page.goto(`${demo.url}${addressOf(consolePages['studio-polish'], free)}`)
    await page.getByRole('alert').waitFor()
    await settled(page)
    await take('studio-refused')
  }
  if (isWanted('usage-receipt-proof')) {
    const lumen = { slug: 'lumen-coffee', formId: demo.formId, entry: await latestCharge() }
    await page.goto(`${demo.url}${addressOf(consolePages['usage-receipt'], lumen)}`)
    await page.getByRole('button', { name: 'Signed receipt' }).scrollIntoViewIfNeeded()
    await take('usage-receipt-proof')
  }
  if (isWanted('operator-catalog-changed')) {
    await page.goto(`${demo.url}${operatorPages['operator-catalog']}`)
    await settled(page)
    await page.getByRole('button', { name: 'Edit: Pro' }).click()
    await page.getByRole('textbox', { name: 'Credits a month' }).fill('250')
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('button', { name: 'Simulate the last 30 days' }).click()
    await page.getByRole('region', { name: 'The last 30 days replayed' }).getByRole('table').waitFor()
    await settled(page)
    await page.evaluate('scrollTo(0, 0)')
    await take('operator-catalog-changed')
  }
  const given = { slug: 'lumen-coffee', formId: demo.formId, entry: '1' }
  if (isWanted('studio-compare')) {
    await page.goto(`${demo.url}${addressOf(consolePages['studio-polish'], given)}`)
    await page
      .getByRole('textbox', { name: 'Text' })
      .fill(
        'we used to order from three supplier and half was stale ,now there is one delivery ,i save three hours a month',
      )
    await page.getByRole('button', { name: 'Compare two qualities' }).click()
    await page.getByRole('button', { name: 'Write both' }).click()
    await page
      .getByRole('button', { name: /^Receipt/ })
      .nth(1)
      .waitFor()
    await settled(page)
    await take('studio-compare')
  }
  const api = /\/(credits|forms|members|billing)(\/|\?|$)/
  for (const state of ['loading', 'failing'] as const) {
    if (!isWanted(`overview-${state}`)) continue
    await page.route(api, async (route) => {
      if (route.request().resourceType() === 'document') return route.continue()
      // Until the page is left.
      if (state === 'loading') return await new Promise(() => undefined)
      const problem = {
        code: 'internal',
        status: 500,
        title: 'Something went wrong.',
        detail: 'Something went wrong.',
      }
      return route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        json: { ...problem, requestId: 'req-1' },
      })
    })
    await page.goto(`${demo.url}${addressOf(consolePages.overview, given)}`)
    await page.waitForTimeout(2_500)
    await take(`overview-${state}`)
    await page.unroute(api)
  }
}

import { chromium, type Request } from '@playwright/test'
import { chromiumFlags, chromiumPath } from '../../packages/vue/scripts/chromium.ts'
import { openDemo } from './demo.ts'

/**
 * What the overview loads before the balance is painted, and after: JavaScript as it comes over the wire (gzip), requests
 * and how deep they wait for each other, largest paint, layout shift. Ends with 1 where a bound is not met.
 */

const bounds = { scriptKb: 150, chartsKb: 75, depth: 2, shift: 0.1 }
const demo = await openDemo()
const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags })
try {
  const context = await browser.newContext({
    storageState: await demo.signIn(browser),
    viewport: { width: 1280, height: 900 },
    locale: 'en-US',
    // What every browser takes; brotli is smaller by a sixth.
    extraHTTPHeaders: { 'accept-encoding': 'gzip' },
  })
  const page = await context.newPage()
  await page.addInitScript(`
    window.paints = { largest: 0, shift: 0, balance: null }
    const seen = new MutationObserver(() => {
      if (document.querySelector('.sp-bar') === null) return
      seen.disconnect()
      requestAnimationFrame(() => {
        window.paints.balance = performance.timeOrigin + performance.now()
      })
    })
    seen.observe(document, { childList: true, subtree: true })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.paints.largest = entry.startTime
    }).observe({ type: 'largest-contentful-paint', buffered: true })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.paints.shift += entry.value
    }).observe({ type: 'layout-shift', buffered: true })`)
  const sent: { request: Request; at: number; doneAt: number; bytes: number }[] = []
  const asked: Request[] = []
  page.on('request', (request) => asked.push(request))
  const startedAt = Date.now()
  page.on('requestfinished', async (request) => {
    const { responseBodySize } = await request.sizes()
    const { startTime, responseEnd } = request.timing()
    sent.push({ request, at: startTime, doneAt: startTime + responseEnd, bytes: responseBodySize })
  })
  await page.goto(`${demo.url}/app/lumen-coffee/overview`)
  await page.getByRole('img', { name: /used, .* held, .* left/ }).waitFor()
  await page.getByRole('heading', { name: 'Usage by day' }).waitFor()
  await page.waitForTimeout(2_000)
  const isScript = ({ request }: (typeof sent)[number]) => request.resourceType() === 'script'
  const kb = (items: typeof sent) => items.reduce((sum, { bytes }) => sum + bytes, 0) / 1000
  const paints = await page.evaluate<{ largest: number; shift: number; balance: number }>('window.paints')
  const before = sent.filter(({ doneAt }) => doneAt <= paints.balance)
  const charts = sent.filter((item) => isScript(item) && /ChartCanvas/.test(item.request.url()))
  const calls = asked
    .filter((request) => request.resourceType() === 'fetch' && request.timing().startTime < paints.balance)
    .map((request) => {
      const { startTime, responseEnd } = request.timing()
      // The live balance never ends.
      return { at: startTime, doneAt: responseEnd < 0 ? Number.POSITIVE_INFINITY : startTime + responseEnd }
    })
  const result = {
    'JavaScript before the balance, kB gzipped': round(kb(before.filter(isScript))),
    'JavaScript in all, kB gzipped': round(kb(sent.filter(isScript))),
    'charts, kB gzipped': round(kb(charts)),
    'requests before the balance': before.length,
    'requests in all': sent.length,
    'calls of the API in a row before it': depthOf(calls),
    'balance painted after, ms': Math.round(paints.balance - startedAt),
    'largest paint after, ms': Math.round(paints.largest),
    'layout shift': round(paints.shift, 3),
  }
  console.table(result)
  const failed = [
    kb(before.filter(isScript)) > bounds.scriptKb &&
      `more than ${bounds.scriptKb} kB of JavaScript before the balance`,
    kb(charts) > bounds.chartsKb && `charts of more than ${bounds.chartsKb} kB`,
    depthOf(calls) > bounds.depth && `more than ${bounds.depth} calls in a row`,
    paints.shift > bounds.shift && `a layout shift of more than ${bounds.shift}`,
  ].filter((bound) => bound !== false)
  for (const bound of failed) console.error(`Not met: ${bound}.`)
  if (failed.length > 0) process.exitCode = 1
} finally {
  await browser.close()
  await demo.stop()
}

/** The longest chain in which each call began after the one before had ended. */
function depthOf(calls: readonly { at: number; doneAt: number }[]): number {
  const sorted = calls.toSorted((a, b) => a.at - b.at)
  const depths: { doneAt: number; depth: number }[] = []
  for (const { at, doneAt } of sorted) {
    const waitedFor = depths.filter((earlier) => earlier.doneAt <= at).map(({ depth }) => depth)
    depths.push({ doneAt, depth: 1 + Math.max(0, ...waitedFor) })
  }
  return Math.max(0, ...depths.map(({ depth }) => depth))
}

function round(value: number, places = 1): number {
  return Number(value.toFixed(places))
}

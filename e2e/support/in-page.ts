import type { Page } from '@playwright/test'

/** What is asked of the page itself, as text: these files are checked without the browser's types. */

/** By how many pixels the page is wider than its window. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - window.innerWidth')

export const heightOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollHeight')

/** What a screen reader would say of what has the focus. */
export const focusedName = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const element = document.activeElement
    const names = [element?.getAttribute('aria-label'), element?.labels?.[0]?.textContent, element?.textContent]
    return names.filter(Boolean).join(' ').trim()
  })()`)

/** Waits until nothing loads and nothing moves any more. The live balance never ends, so the network is no sign. */
export async function settled(page: Page): Promise<void> {
  await becomes(
    page,
    `document.querySelector('h1') !== null &&
     document.querySelectorAll('.animate-pulse, .sp-skeleton, [role="status"][aria-label="Loading"]').length === 0`,
  )
  await page.evaluate('document.fonts.ready.then(() => true)')
  await becomes(page, `document.getAnimations().every(({ playState }) => playState !== 'running')`)
}

/** Asks again and again from outside: the page's policy lets no text be evaluated in it by itself. */
async function becomes(page: Page, condition: string, patienceMs = 15_000): Promise<void> {
  const until = Date.now() + patienceMs
  while (!(await page.evaluate<boolean>(condition))) {
    if (Date.now() > until) throw new Error(`${page.url()} did not settle: ${condition}`)
    await page.waitForTimeout(20)
  }
}

/** Runs axe, which was put into the page; a line each: rule, place and reason. */
export const runAxe = (page: Page): Promise<string[]> =>
  page.evaluate(`axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(
    ({ target, failureSummary = '' }) => id + ': ' + target.join(' ') + ': ' + failureSummary.replaceAll(/\\s+/g, ' '))))`)

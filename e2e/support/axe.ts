import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'
import { runAxe } from './in-page.ts'

const source = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on the page as it is shown. */
export async function violationsOf(page: Page): Promise<string[]> {
  // By the protocol, not by a script element: the page's policy lets none in.
  await page.evaluate(await source)
  return await runAxe(page)
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from '@playwright/test'
import pino from 'pino'
import { start } from '../../apps/testimonials/server/src/start.ts'
import { buildConsole } from '../support/build-console.ts'

/** The demo of `npm start` in a folder of its own, on a free port. */
export async function openDemo() {
  const directory = await mkdtemp(join(tmpdir(), 'stipend-demo-'))
  const { folder, remove } = await buildConsole()
  const running = await start({
    directory,
    consoleFolder: folder,
    host: '127.0.0.1',
    port: 0,
    providers: {},
    logger: pino({ level: 'silent' }),
  })
  return {
    url: running.credentials.url,
    formId: running.demoFormId,
    testimonials: running.testimonials,
    /** The state of a browser in which the demo's owner is signed in; once. */
    signIn: async (browser: Browser) => {
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(running.signInLink)
      await page.waitForURL('**/overview')
      const state = await context.storageState()
      await context.close()
      return state
    },
    stop: async () => {
      await running.stop()
      await remove()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

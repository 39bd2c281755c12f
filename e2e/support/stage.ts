import { existsSync } from 'node:fs'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from '@playwright/test'
import { inject } from 'vitest'
import { type Mailbox, startMailbox } from '../../apps/testimonials/server/src/test-support/mailbox.ts'
import {
  newOrganization,
  newPerson,
  type Person,
} from '../../apps/testimonials/server/src/test-support/person.ts'
import {
  startTestProduct,
  type TestProduct,
} from '../../apps/testimonials/server/src/test-support/product.ts'
import { chromiumFlags, chromiumPath } from '../../packages/vue/scripts/chromium.ts'

/** Whether there is a browser; without one journeys are skipped by name (in CI the run ends before it begins). */
export const hasChromium = existsSync(chromiumPath)

/** The product with its console, a mailbox, and a browser. */
export interface Stage extends AsyncDisposable {
  product: TestProduct
  mailbox: Mailbox
  /** A browser window of somebody; nobody is signed in without `person`. */
  open(person?: Person | null, options?: BrowserContextOptions): Promise<Page>
  /** Somebody with a verified address. */
  person(name: string): Promise<Person>
  /** An organization of theirs on a plan, by its address in the console. */
  organization(owner: Person, name: string, plan?: string): Promise<{ id: string; slug: string }>
  /** What pages complained of, beside answers with an error status, which are looked at by themselves. */
  complaints: string[]
}

export async function openStage({
  operatorEmails,
  ...options
}: Partial<Parameters<typeof startTestProduct>[0]> & { operatorEmails?: string[] } = {}): Promise<Stage> {
  const mailbox = await startMailbox()
  const product = await startTestProduct({
    providers: {},
    consoleFolder: inject('consoleFolder'),
    takesPayments: true,
    ...options,
    signIn: { smtpUrl: mailbox.url, ...(operatorEmails === undefined ? {} : { operatorEmails }) },
  })
  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags })
  const complaints: string[] = []
  return {
    product,
    mailbox,
    complaints,
    open: async (person = null, given = {}) => {
      const context = await newContext(browser, given)
      if (person !== null) await signIn(context, product.url, person)
      const page = await context.newPage()
      listen(page, complaints)
      return page
    },
    person: (name) => newPerson(product, mailbox, name),
    organization: async (owner, name, plan = 'free') => {
      const id = await newOrganization(owner, name)
      if (plan !== 'free') await product.testimonials.engine.changePlan({ organizationId: id, plan })
      return { id, slug: name.toLowerCase().replace(/\W+/g, '-') }
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close()
      await product[Symbol.asyncDispose]()
      await mailbox[Symbol.asyncDispose]()
    },
  }
}

let windows = 0

/** At an address of its own, so that nobody else's tries count against its limits. */
function newContext(browser: Browser, given: BrowserContextOptions): Promise<BrowserContext> {
  windows += 1
  return browser.newContext({
    locale: 'en-US',
    viewport: { width: 1280, height: 900 },
    extraHTTPHeaders: { 'x-forwarded-for': `10.9.${windows >> 8}.${windows & 255}` },
    ...given,
  })
}

async function signIn(context: BrowserContext, url: string, { browser }: Person): Promise<void> {
  const cookies = browser.cookieHeader.split('; ').map((pair) => {
    const split = pair.indexOf('=')
    return { name: pair.slice(0, split), value: pair.slice(split + 1), url }
  })
  await context.addCookies(cookies)
}

function listen(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const isStatus = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isStatus) complaints.push(message.text())
  })
}

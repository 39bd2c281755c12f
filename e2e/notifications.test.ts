import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect as see } from '@playwright/test'
import { credits } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReceiver, type StipendWebhook } from '../examples/webhooks/receiver.ts'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  if (hasChromium) stage = await openStage({ notices: { allowPrivate: true } })
})
afterAll(() => stage?.[Symbol.asyncDispose]())

const journey = { timeout: 90_000 }

/** Runs the worker's jobs once, as they run at its start. */
async function runJobs(until: () => Promise<void>): Promise<void> {
  const worker = await stage.product.testimonials.startWorker({
    databaseUrl: stage.product.database.ownerUrl,
  })
  try {
    await until()
  } finally {
    await worker.stop()
  }
}

/** The receiver of the example behind a door that can be shut. */
async function openReceiver() {
  const events: StipendWebhook[] = []
  const door = { isOpen: true, secret: '' }
  const server = createServer((request, response) => {
    if (!door.isOpen) {
      response.writeHead(503).end()
      return
    }
    const receiver = createReceiver(door.secret, async (event) => {
      events.push(event)
    })
    receiver.emit('request', request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/stipend`,
    events,
    door,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

test.skipIf(!hasChromium)(
  'an endpoint is added, gets what happens, fails, and gets it again by hand',
  journey,
  async () => {
    const receiver = await openReceiver()
    const { engine } = stage.product.testimonials
    const owner = await stage.person('Hanna')
    const { id: organizationId, slug } = await stage.organization(owner, 'Hooked')
    const page = await stage.open(owner)
    await page.goto(`${stage.product.url}/app/${slug}/settings/webhooks`)
    await page.getByText('No endpoints yet').waitFor()
    await page.getByRole('button', { name: 'Add endpoint' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('URL').fill(receiver.url)
    await dialog.getByRole('button', { name: 'Add endpoint' }).click()
    await dialog.getByText('Copy it now').waitFor()
    receiver.door.secret = (await dialog.getByText(/^whsec_/).textContent()) ?? ''
    await dialog.getByRole('button', { name: 'Done' }).click()

    await page.getByRole('button', { name: 'Send test' }).click()
    await page.getByText('The test was delivered.').first().waitFor()
    expect(receiver.events.map(({ type }) => type)).toEqual(['webhook.test'])

    receiver.door.isOpen = false
    const topup = { organizationId, type: 'topup', credits: credits(40), sourceId: 'gift' } as const
    await engine.grantCredits(topup)
    const log = page.getByRole('dialog')
    const row = log.getByRole('listitem').filter({ hasText: 'credits.topup_purchased' })
    await runJobs(async () => {
      await expect
        .poll(
          async () => {
            await page.reload()
            await page.getByRole('button', { name: 'Deliveries' }).click()
            await page.waitForTimeout(500)
            return (await row.count()) === 0 ? '' : await row.textContent()
          },
          { timeout: 30_000 },
        )
        .toContain('answered 503')
    })
    await see(row).toContainText('Waiting')

    receiver.door.isOpen = true
    await row.getByRole('button', { name: /^Deliver again/ }).click()
    await see(row).toContainText('Delivered', { timeout: 10_000 })
    expect(receiver.events.at(-1)).toMatchObject({
      type: 'credits.topup_purchased',
      data: { organizationId, credits: 40 },
    })
    await page.keyboard.press('Escape')

    // The same told in the console, until it has been seen.
    await page.getByRole('button', { name: /^Notices, \d unread/ }).click()
    await page.getByText('40 credits came from a purchase.').waitFor()
    await page.keyboard.press('Escape')
    await see(page.getByRole('button', { name: 'Notices', exact: true })).toBeVisible({ timeout: 10_000 })
    await receiver.close()
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)('a mail says that credits are low, to those who want it', journey, async () => {
  const { engine } = stage.product.testimonials
  const owner = await stage.person('Ines')
  const { id: organizationId, slug } = await stage.organization(owner, 'Low Tide')
  const page = await stage.open(owner)
  await page.goto(`${stage.product.url}/app/${slug}/settings/notifications`)
  await see(page.getByRole('checkbox', { name: /credits are low|below/i }).first()).toBeChecked()
  await engine.adjustCredits({
    organizationId,
    credits: credits(-19),
    sourceId: 'spent',
    reason: 'a journey',
  })
  await runJobs(async () => {
    await expect
      .poll(() => stage.mailbox.mails.map(({ to, subject }) => `${to}: ${subject}`).join('\n'), {
        timeout: 30_000,
      })
      .toMatch(/ines.*low/i)
  })
  const mail = stage.mailbox.mails.find(({ to, subject }) => /ines/i.test(to) && /low/i.test(subject))
  expect(mail?.text).toContain('Low Tide')
  expect(mail?.links.some((link) => link.includes(`/app/${slug}/`))).toBe(true)
  expect(stage.complaints).toEqual([])
})

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect as see } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  if (hasChromium) stage = await openStage()
})
afterAll(() => stage?.[Symbol.asyncDispose]())

test.skipIf(!hasChromium)(
  'an API key is made in the console, used from curl, and seen in the history',
  { timeout: 60_000 },
  async () => {
    const owner = await stage.person('Yuri')
    const { id: organizationId, slug } = await stage.organization(owner, 'Robots', 'pro')
    const page = await stage.open(owner)
    await page.goto(`${stage.product.url}/app/${slug}/settings/api-keys`)
    await page
      .getByRole('button', { name: /New.*key|Create.*key/ })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Website')
    await dialog.getByRole('button', { name: /^Create/ }).click()
    const secret =
      /sp_live_[\w-]+/.exec(
        (await dialog
          .getByText(/sp_live_/)
          .first()
          .textContent()) ?? '',
      )?.[0] ?? ''
    expect(secret).not.toBe('')
    const { stdout } = await promisify(execFile)('curl', [
      '-s',
      `${stage.product.url}/ai/polish-testimonial`,
      '-H',
      `Authorization: Bearer ${secret}`,
      '-H',
      'Content-Type: application/json',
      '-d',
      '{"text":"we like it very much ,really"}',
    ])
    const answer = JSON.parse(stdout)
    expect(answer.usage.creditsUsed).toBeGreaterThan(0)
    const [charge] = await stage.product.transactions(organizationId)
    expect(charge).toMatchObject({
      amount: -answer.usage.creditsUsed * 100,
      actor: { type: 'api_key', name: 'Website' },
    })

    await page.keyboard.press('Escape')
    await page.goto(`${stage.product.url}/app/${slug}/usage/history`)
    const row = page.getByRole('row').filter({ hasText: 'Website' })
    await see(row).toContainText(answer.usage.creditsUsed.toFixed(2))
    await see(page.getByText(secret)).toHaveCount(0)
    expect(stage.complaints).toEqual([])
  },
)

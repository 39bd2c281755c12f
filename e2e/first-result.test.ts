import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Page, expect as see } from '@playwright/test'
import { createCheckpointKey, readCheckpointKey } from '@stipend/engine'
import { mustNotBeLogged } from '@stipend/testing/log-watch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  const { privateKey } = createCheckpointKey()
  mustNotBeLogged(privateKey)
  if (hasChromium) stage = await openStage({ checkpointKey: await readCheckpointKey(privateKey) })
})
afterAll(() => stage?.[Symbol.asyncDispose]())

test.skipIf(!hasChromium)(
  'from sign-up to the first AI result: by mail, on the free plan, with what it cost in balance and ledger',
  { timeout: 60_000 },
  async () => {
    const page = await stage.open()
    const { url, testimonials } = stage.product
    await page.goto(url)
    await see(page).toHaveURL(`${url}/sign-in`)
    await page.getByRole('link', { name: 'Create one' }).click()
    await page.getByLabel('Your name').fill('Nora Bell')
    await page.getByLabel('E-mail').fill('nora@people.example')
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Create an account' }).click()
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
    const [link = ''] = (await stage.mailbox.next('nora@people.example')).links
    await page.goto(link)
    await page.getByText('Your address is confirmed').waitFor()
    await page.getByLabel('E-mail').fill('nora@people.example')
    await page.getByLabel('Password').fill('wrong horse battery')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('do not belong together').waitFor()
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Bell & Sons')
    await see(page.getByLabel('Address')).toHaveValue('bell-sons')
    await page.getByRole('button', { name: 'Create it and start' }).click()

    await page.getByRole('heading', { name: 'Your first AI result' }).waitFor()
    await page.getByRole('button', { name: 'Fill in an example' }).click()
    await page.getByRole('button', { name: 'Suggest questions' }).click()
    const chip = page.getByRole('button', { name: /^Receipt/ })
    await chip.waitFor({ timeout: 15_000 })

    // The page says what the ledger and the API say.
    const { rows } = await stage.product.database.owner.query<{ id: string }>(
      `select id from auth.organizations where slug = 'bell-sons'`,
    )
    const organizationId = rows[0]?.id ?? ''
    const [charge] = await stage.product.transactions(organizationId)
    expect(charge).toMatchObject({ type: 'ai_consumption', capability: 'question_generation' })
    expect(charge?.actor).toMatchObject({ type: 'member', name: 'Nora Bell' })
    const used = -(charge?.amount ?? 0) / 100
    expect(used).toBeGreaterThan(0)
    expect(await chip.textContent()).toContain(`${used} of ~`)
    const { balance } = await testimonials.engine.checkCreditBalance(organizationId)
    expect(balance).toBe(2000 - used * 100)
    await see(page.getByRole('link', { name: new RegExp(`${balance / 100} credits`) })).toBeVisible()

    // The receipt, and the same row in the history.
    await chip.click()
    const receipt = page.getByRole('dialog')
    await receipt.getByText(charge?.hash ?? 'no hash').waitFor()
    expect(await verifyDownloaded(page)).toContain(`${charge?.sequence}`)
    await page.keyboard.press('Escape')
    await see(receipt).toBeHidden()
    await page.getByRole('button', { name: 'Take over into a form' }).click()
    await page.getByRole('dialog').getByLabel('Name of the form').fill('First customers')
    await page.getByRole('dialog').getByRole('button', { name: 'Take over' }).click()
    await page.getByRole('heading', { name: 'First customers' }).waitFor()
    await page.getByRole('link', { name: 'Questions' }).click()
    expect(await page.getByRole('textbox').count()).toBe(5)
    expect(stage.complaints).toEqual([])
  },
)

/** Downloads the signed receipt and checks it with the command that stands beside it, which has no database. */
async function verifyDownloaded(page: Page): Promise<string> {
  const receipt = page.getByRole('dialog')
  const command = (await receipt.getByText(/^npx stipend receipt verify/).textContent()) ?? ''
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    receipt.getByRole('button', { name: 'Signed receipt' }).click(),
  ])
  const [, , group = '', verb = '', name = '', ...options] = command.split(' ')
  expect(download.suggestedFilename()).toBe(name)
  const { stdout } = await promisify(execFile)(
    join(import.meta.dirname, '../node_modules/.bin/stipend'),
    [group, verb, await download.path(), ...options],
    { env: { PATH: dirname(process.execPath), NO_COLOR: '1' } },
  )
  return stdout
}

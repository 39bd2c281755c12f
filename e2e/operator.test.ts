import { expect as see } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../apps/testimonials/server/src/test-support/person.ts'
import { violationsOf } from './support/axe.ts'
import { overflowOf, settled } from './support/in-page.ts'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
let operator: Person
let owner: Person
let organization: { id: string; slug: string }
beforeAll(async () => {
  if (!hasChromium) return
  stage = await openStage({ operatorEmails: ['olive@people.example'] })
  operator = await stage.person('Olive')
  await stage.organization(operator, 'Platform', 'pro')
  owner = await stage.person('Nora')
  organization = await stage.organization(owner, 'Blue Bakery', 'pro')
}, 60_000)
afterAll(() => stage?.[Symbol.asyncDispose]())

const at = (path = '') => `${stage.product.url}/app/-/operator${path}`

test.skipIf(!hasChromium)(
  'an operator finds an organization, grants credits once confirmed, proves its books, and it is in the audit log',
  { timeout: 60_000 },
  async () => {
    const page = await stage.open(operator)
    await page.goto(`${stage.product.url}/app/platform/overview`)
    await page.getByRole('button', { name: /Olive/ }).click()
    await page.getByRole('menuitem', { name: 'Operator' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.getByRole('link', { name: 'Organizations', exact: true }).click()
    await page.getByRole('searchbox', { name: 'Id or name' }).fill('bakery')
    await page.getByRole('link', { name: 'Blue Bakery' }).click()
    const balance = await stage.product.testimonials.engine.checkCreditBalance(organization.id)

    await page.getByRole('button', { name: 'Grant credits' }).click()
    const dialog = page.getByRole('dialog')
    await see(dialog.getByRole('button', { name: 'Review' })).toBeDisabled()
    await dialog.getByRole('textbox', { name: 'Credits' }).fill('12.5')
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Apology for the outage')
    await dialog.getByRole('button', { name: 'Review' }).click()
    await dialog.getByText('Blue Bakery gets 12.50 bonus credits.').waitFor()
    await see(dialog.getByRole('button', { name: 'Confirm' })).toBeDisabled()
    await dialog.getByRole('textbox', { name: /To confirm, type/ }).fill(organization.id)
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('Done, and written to the audit log.', { exact: true }).waitFor()
    await page.getByRole('cell', { name: '+12.50' }).waitFor()
    const after = await stage.product.testimonials.engine.checkCreditBalance(organization.id)
    expect(after.balance - balance.balance).toBe(1250)

    await page.getByRole('button', { name: 'Prove the books' }).click()
    await page.getByText(/^Right: \d+ rows proven\.$/).waitFor()
    await page.getByRole('link', { name: 'Audit log' }).click()
    const row = page.getByRole('row', { name: /POST \/organizations\/\{id\}\/grants/ })
    await see(row).toContainText(['Olive'])
    await see(row).toContainText(['Apology for the outage'])
    await see(row).toContainText(['done'])
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'a price is set with a reason, the ledger proven, the books compared with Stripe',
  { timeout: 60_000 },
  async () => {
    const page = await stage.open(operator)
    await page.goto(at('/prices'))
    await page.getByRole('button', { name: 'Set' }).first().click()
    await page.getByRole('textbox', { name: 'Input' }).fill('0,5')
    await page.getByRole('textbox', { name: 'Reason' }).fill('Contract')
    await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click()
    await page
      .getByText(/input must be US dollars/)
      .first()
      .waitFor()
    await page.getByRole('textbox', { name: 'Input' }).fill('0.5')
    await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click()
    await page.getByRole('cell', { name: /^operator, / }).waitFor()
    await page.goto(at('/books'))
    await page.getByRole('button', { name: 'Prove since the last checkpoint' }).click()
    await page.getByText(/no problems\.$/).waitFor()
    await page.getByRole('button', { name: 'Compare with Stripe' }).click()
    await page.getByText('The books say what Stripe says.').waitFor()
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'the catalog is a matrix: a change shows whom it affects, is simulated, pushed with a reason, refused once another was first',
  { timeout: 60_000 },
  async () => {
    const { engine } = stage.product.testimonials
    const page = await stage.open(operator)
    await page.goto(at('/catalog'))
    await page.getByRole('button', { name: 'Edit: Pro' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Credits a month' }).fill('many')
    await dialog.getByText('Give credits such as 500, or unlimited.').waitFor()
    await see(dialog.getByRole('button', { name: 'Apply' })).toBeDisabled()
    await dialog.getByRole('textbox', { name: 'Credits a month' }).fill('750')
    await dialog.getByRole('button', { name: 'Apply' }).click()
    const changes = page.getByRole('region', { name: 'Changes' })
    await see(changes.getByRole('row', { name: 'plans.pro.monthlyCredits' })).toContainText(['750'])
    await page.getByText('pro: 2 organizations').waitFor()

    await page
      .getByRole('button', { name: /^Edit: .* on Pro$/ })
      .first()
      .click()
    await dialog.getByRole('textbox', { name: 'an hour' }).fill('7')
    const models = dialog
      .getByRole('group', { name: /^Models/ })
      .getByRole('textbox')
      .first()
    const before = await models.inputValue()
    await models.fill('nobody')
    await dialog.getByText(/^nobody is no model of the catalog: use /).waitFor()
    await models.fill(before)
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await page.getByRole('heading', { name: '2 changes' }).waitFor()
    await page.getByRole('button', { name: 'Simulate the last 30 days' }).click()
    await page
      .getByRole('region', { name: 'The last 30 days replayed' })
      .getByRole('cell', { name: 'pro' })
      .waitFor()

    await page.getByRole('button', { name: 'Push', exact: true }).click()
    await see(dialog.getByRole('button', { name: 'Push' })).toBeDisabled()
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Pro gets 750')
    await dialog.getByRole('button', { name: 'Push' }).click()
    await page.getByText(/^Version \d+ is in force\.$/).waitFor()
    await page.getByRole('row', { name: /Olive Pro gets 750/ }).waitFor()
    const pushed = await engine.pullCatalog()
    expect(pushed?.plans['pro']?.monthlyCredits).toBe('750.00')

    await page.getByRole('button', { name: 'Edit: Pro' }).click()
    await dialog.getByRole('textbox', { name: 'Credits a month' }).fill('800')
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await engine.pushCatalog({ author: 'elsewhere' })
    await page.getByRole('button', { name: 'Push', exact: true }).click()
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('Even more')
    await dialog.getByRole('button', { name: 'Push' }).click()
    await dialog.getByRole('alert').waitFor()
    expect((await engine.pullCatalog())?.plans['pro']?.monthlyCredits).not.toBe('800.00')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('cell', { name: 'elsewhere' }).waitFor()
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'others see neither the pages nor what is on them',
  { timeout: 60_000 },
  async () => {
    const page = await stage.open(owner)
    await page.goto(at('/organizations'))
    await page.getByText('These pages are for operators of the platform').waitFor()
    const asked = await owner.browser.get('/operator/organizations', { 'x-hasura-role': 'operator' })
    expect(asked.status).toBe(403)
  },
)

test.skipIf(!hasChromium).each(['light', 'dark'] as const)(
  'in the %s nothing is too wide and axe finds nothing',
  { timeout: 120_000 },
  async (colorScheme) => {
    const found: string[] = []
    for (const width of [1280, 390]) {
      const view = { colorScheme, reducedMotion: 'reduce' as const, viewport: { width, height: 844 } }
      const page = await stage.open(operator, view)
      for (const path of [
        '',
        '/organizations',
        `/organizations/${organization.id}`,
        '/catalog',
        '/books',
        '/prices',
        '/audit',
      ]) {
        await page.goto(at(path))
        await settled(page)
        found.push(...(await violationsOf(page)).map((violation) => `${path} at ${width}: ${violation}`))
        const tooWide = await overflowOf(page)
        if (tooWide > 0) found.push(`${path} is ${tooWide} px too wide at ${width}`)
      }
      await page.context().close()
    }
    expect(found).toEqual([])
  },
)

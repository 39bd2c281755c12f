import { expect as see } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { join, type Person } from '../apps/testimonials/server/src/test-support/person.ts'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
let owner: Person
let organization: { id: string; slug: string }
let formId: string
beforeAll(async () => {
  if (!hasChromium) return
  stage = await openStage()
  owner = await stage.person('Una')
  organization = await stage.organization(owner, 'Roles', 'pro')
  const form = await owner.browser.post('/forms', {
    name: 'After the first delivery',
    productName: 'Lumen Coffee',
    questions: [{ text: 'What has changed?' }],
  })
  formId = form.body.id
  await stage.product.call('POST', `/public/forms/${formId}/testimonials`, {
    text: 'Our guests noticed within a week.',
    answers: [],
    name: 'Ines',
  })
}, 60_000)
afterAll(() => stage?.[Symbol.asyncDispose]())

const at = (path: string) => `${stage.product.url}/app/${organization.slug}/${path}`

test.skipIf(!hasChromium)(
  'a member runs AI and is refused what admins may, by the page and by the server',
  { timeout: 60_000 },
  async () => {
    const member = await stage.person('Mina')
    await join(owner, organization.id, member, 'member')
    const page = await stage.open(member)
    await page.goto(at('forms'))
    await page.getByRole('link', { name: /After the first delivery/ }).click()
    await page.getByText('Our guests noticed within a week.').waitFor()
    await see(page.getByRole('button', { name: 'Publish' })).toHaveCount(0)
    await see(page.getByRole('button', { name: 'Close form' })).toHaveCount(0)
    await see(page.getByRole('link', { name: 'Settings', exact: true }).nth(1)).toHaveCount(0)
    await page.goto(at('settings/api-keys'))
    await page.getByText('You may not see this').waitFor()
    const origin = { origin: stage.product.url }
    const asked = [
      await member.browser.send('PATCH', `/forms/${formId}`, { name: 'Taken' }, origin),
      await member.browser.send('DELETE', `/forms/${formId}`, undefined, origin),
      await member.browser.post('/api-keys', { name: 'k', scopes: ['ai:run'] }),
      await member.browser.send(
        'PUT',
        '/budgets',
        { scopeType: 'organization', period: 'day', limitCredits: 1 },
        origin,
      ),
    ]
    expect(asked.map(({ status }) => status)).toEqual([403, 403, 403, 403])
    await page.goto(at('studio?tool=polish'))
    await page.getByRole('textbox', { name: 'Text' }).fill('we like it very much ,really')
    await page.getByRole('button', { name: 'Polish it' }).click()
    await page.getByRole('button', { name: /^Receipt/ }).waitFor({ timeout: 15_000 })
    const [charge] = await stage.product.transactions(organization.id)
    expect(charge?.actor).toMatchObject({ id: member.userId, name: 'Mina' })
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'a viewer reads credits and no customer’s words, and runs nothing',
  { timeout: 60_000 },
  async () => {
    const viewer = await stage.person('Vito')
    await join(owner, organization.id, viewer, 'viewer')
    const page = await stage.open(viewer)
    await page.goto(at('overview'))
    const { spendable } = await stage.product.testimonials.engine.checkCreditBalance(organization.id)
    await see(page.getByRole('link', { name: /Usage of credits/ })).toContainText(`${(spendable ?? 0) / 100}`)
    await page.goto(at('studio'))
    await page.getByText('Viewers can read but not write').waitFor()
    await see(page.getByRole('button', { name: 'Suggest questions' })).toHaveCount(0)
    await page.goto(at(`forms/${formId}`))
    await page.getByText('You may not see this').waitFor()
    await see(page.getByText('Our guests noticed')).toHaveCount(0)
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'somebody of another organization finds nothing there',
  { timeout: 60_000 },
  async () => {
    const stranger = await stage.person('Stan')
    await stage.organization(stranger, 'Elsewhere')
    const page = await stage.open(stranger)
    for (const path of [at('overview'), `${stage.product.url}/app/nobody-has-this/overview`]) {
      await page.goto(path)
      await page.getByRole('heading', { name: 'There is no such organization' }).waitFor()
    }
    await page.getByRole('link', { name: 'Go to my organizations' }).click()
    await see(page).toHaveURL(`${stage.product.url}/app/elsewhere/overview`)
    expect(stage.complaints).toEqual([])
  },
)

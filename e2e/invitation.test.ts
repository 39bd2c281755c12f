import { expect as see } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  if (hasChromium) stage = await openStage()
})
afterAll(() => stage?.[Symbol.asyncDispose]())

test.skipIf(!hasChromium)(
  'an admin invites by mail; who gets the mail signs up, comes back to it and joins',
  { timeout: 60_000 },
  async () => {
    const owner = await stage.person('Wim')
    const { id: organizationId, slug } = await stage.organization(owner, 'Growing Team')
    const page = await stage.open(owner)
    await page.goto(`${stage.product.url}/app/${slug}/settings/members`)
    await page
      .getByRole('button', { name: /^Invite/ })
      .first()
      .click()
    await page.getByRole('dialog').getByLabel('E-mail').fill('xena@people.example')
    await page.getByRole('dialog').getByLabel('Role').selectOption('admin')
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^(Send|Invite)/ })
      .click()
    await page.getByText('xena@people.example').first().waitFor()
    const invitation = (await stage.mailbox.next('xena@people.example')).links.find((link) =>
      link.includes('accept-invitation'),
    )

    const other = await stage.open()
    await other.goto(invitation ?? '')
    await other.getByRole('link', { name: 'Create an account' }).click()
    await other.getByLabel('Your name').fill('Xena')
    await other.getByLabel('E-mail').fill('xena@people.example')
    await other.getByLabel('Password').fill('correct horse battery')
    await other.getByRole('button', { name: 'Create an account' }).click()
    await other.getByRole('heading', { name: 'Look into your mail' }).waitFor()
    const [confirmation = ''] = (await stage.mailbox.next('xena@people.example')).links
    await other.goto(confirmation)
    await other.getByLabel('E-mail').fill('xena@people.example')
    await other.getByLabel('Password').fill('correct horse battery')
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByText(/join Growing Team as Admin/).waitFor()
    await other.getByRole('button', { name: 'Join' }).click()
    await see(other).toHaveURL(`${stage.product.url}/app/${slug}/overview`)
    const { rows } = await stage.product.database.owner.query(
      'select role from auth.members where organization_id = $1 order by role',
      [organizationId],
    )
    expect(rows).toEqual([{ role: 'admin' }, { role: 'owner' }])
    await page.reload()
    await see(page.getByRole('main').getByText('Xena', { exact: true })).toBeVisible()
    // Used once: the link is nobody's any more.
    await other.goto(invitation ?? '')
    await other.getByText(/was used, or has run out/).waitFor()
    expect(stage.complaints).toEqual([])
  },
)

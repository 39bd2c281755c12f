import { expect as see } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { join, type Person } from '../apps/testimonials/server/src/test-support/person.ts'
import { violationsOf } from './support/axe.ts'
import { focusedName, overflowOf, settled } from './support/in-page.ts'
import { addressOf, consolePages, signInPages } from './support/pages.ts'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
let owner: Person
let viewer: Person
let slug: string
let formId: string
const polish = { text: 'we like it very much ,really' }

beforeAll(async () => {
  if (!hasChromium) return
  stage = await openStage()
  owner = await stage.person('Alma')
  const organization = await stage.organization(owner, 'Everything', 'pro')
  slug = organization.slug
  viewer = await stage.person('Bert')
  await join(owner, organization.id, viewer, 'viewer')
  const form = await owner.browser.post('/forms', {
    name: 'After the first delivery',
    productName: 'Lumen Coffee',
    questions: [{ text: 'What was it like before?' }, { text: 'What has changed?' }],
  })
  formId = form.body.id
  await stage.product.call('POST', `/public/forms/${formId}/testimonials`, {
    text: 'Our guests noticed within a week.',
    answers: [{ questionId: 'q1', answer: 'Stale beans.' }],
    name: 'Ines',
  })
  await owner.browser.post('/ai/polish-testimonial', polish)
  await owner.browser.post('/api-keys', { name: 'Website', scopes: ['ai:run'] })
  await owner.browser.send(
    'PUT',
    '/budgets',
    { scopeType: 'organization', period: 'month', limitCredits: 100 },
    { origin: stage.product.url },
  )
  const invited = { organizationId: organization.id, email: 'new@people.example', role: 'member' }
  await owner.browser.post('/auth/organization/invite-member', invited)
}, 60_000)
afterAll(() => stage?.[Symbol.asyncDispose]())

describe.skipIf(!hasChromium).each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test.each([1280, 390])(
    'every page at %i px: axe finds nothing, nothing is wider than the window',
    { timeout: 180_000 },
    async (width) => {
      const view = { colorScheme, reducedMotion: 'reduce' as const, viewport: { width, height: 844 } }
      const found: string[] = []
      const visit = async (who: Person | null, pages: Readonly<Record<string, string>>) => {
        const page = await stage.open(who, view)
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(`${stage.product.url}${addressOf(path, { slug, formId, entry: '3' })}`)
          await settled(page)
          found.push(...(await violationsOf(page)).map((violation) => `${name}: ${violation}`))
          const tooWide = await overflowOf(page)
          if (tooWide > 0) found.push(`${name} is ${tooWide} px too wide`)
        }
        await page.context().close()
      }
      await visit(owner, consolePages)
      await visit(viewer, consolePages)
      await visit(null, signInPages)
      expect(found).toEqual([])
      expect(stage.complaints).toEqual([])
    },
  )
})

test.skipIf(!hasChromium)(
  'by keyboard alone: from the sign-in to a charged result and its receipt',
  { timeout: 60_000 },
  async () => {
    const page = await stage.open()
    const { keyboard } = page
    /** Tabs until something with that name has the focus. */
    const tabTo = async (name: string | RegExp) => {
      for (let tries = 0; tries < 60; tries += 1) {
        await keyboard.press('Tab')
        const label = await focusedName(page)
        if (typeof name === 'string' ? label.includes(name) : name.test(label)) return
      }
      throw new Error(`Nothing called ${name} was reached; the focus is on ${await focusedName(page)}`)
    }
    await page.goto(`${stage.product.url}/sign-in`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await tabTo('E-mail')
    await keyboard.type(owner.email)
    await tabTo('Password')
    await keyboard.type('correct horse battery')
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()

    // A page by its letters, another by the palette.
    await keyboard.press('g')
    await keyboard.press('u')
    await page.getByRole('heading', { name: 'Usage', level: 1 }).waitFor()
    await keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor()
    await keyboard.type('stud')
    await keyboard.press('ArrowDown')
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Studio' }).waitFor()
    await keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await keyboard.press('Escape')

    await tabTo('Polish a testimonial')
    await keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Text' }).waitFor()
    await tabTo('Text')
    await keyboard.type(polish.text)
    await tabTo('Fast')
    // As long as a finger stays on it: the choice follows the focus while the key is down.
    await keyboard.press('ArrowRight', { delay: 50 })
    await see(page.getByRole('radio', { name: 'Enhanced' })).toBeChecked()
    await tabTo('Polish it')
    await keyboard.press('Enter')
    const chip = page.getByRole('button', { name: /^Receipt/ })
    await chip.waitFor({ timeout: 15_000 })
    await tabTo(/^Receipt/)
    await keyboard.press('Enter')
    await page.getByRole('dialog').getByText('Hash in the chain').waitFor()
    await keyboard.press('Escape')
    await see(page.getByRole('dialog')).toBeHidden()
    await see(chip).toBeFocused()
    expect(stage.complaints).toEqual([])
  },
)

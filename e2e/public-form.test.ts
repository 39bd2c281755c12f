import { expect as see } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audience, startIssuer } from '../apps/testimonials/server/src/test-support/issuer.ts'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  if (hasChromium) stage = await openStage()
})
afterAll(() => stage?.[Symbol.asyncDispose]())

test.skipIf(!hasChromium)(
  'a customer without an account: answers, a text, another version, a reload, and it arrives',
  { timeout: 60_000 },
  async () => {
    const owner = await stage.person('Zoe')
    const { id: organizationId, slug } = await stage.organization(owner, 'Bakery', 'pro')
    const form = await owner.browser.post('/forms', {
      name: 'After the first delivery',
      productName: 'Bakery',
      questions: [{ text: 'What was it like before?' }, { text: 'What has changed?' }],
    })
    const page = await stage.open(null, { viewport: { width: 390, height: 844 } })
    await page.goto(`${stage.product.url}${form.body.pagePath}`)
    await page.getByText('4 versions left today').waitFor()
    await page.getByRole('button', { name: 'Write it up for me' }).click()
    await page.getByRole('alert').getByText('Answer at least one question first.').waitFor()
    await page.getByLabel('What was it like before?').fill('Half of our bread arrived stale.')
    await page.getByLabel('What has changed?').fill('Guests noticed within a week.')
    await page.getByRole('button', { name: 'Write it up for me' }).click()
    const text = page.getByLabel('Your testimonial')
    await text.waitFor({ timeout: 15_000 })
    await page.getByText('3 versions left today').waitFor()
    await page.getByRole('button', { name: 'Briefer' }).click()
    await page.getByText('2 versions left today').waitFor({ timeout: 15_000 })
    const written = await text.inputValue()
    await page.reload()
    await see(page.getByLabel('Your testimonial')).toHaveValue(written)
    await page.getByLabel('Your name').fill('Ada')
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByRole('heading', { name: 'Thank you!' }).waitFor()

    // Charged to the organization, and there for its people.
    const charges = (await stage.product.transactions(organizationId)).filter(
      ({ capability }) => capability !== null,
    )
    expect(charges).toHaveLength(2)
    for (const charge of charges)
      expect(charge).toMatchObject({ formId: form.body.id, actor: { type: 'customer', id: 'anonymous' } })
    const console = await stage.open(owner)
    await console.goto(`${stage.product.url}/app/${slug}/forms/${form.body.id}`)
    const card = console.getByRole('listitem').filter({ hasText: written.slice(0, 40) })
    await see(card).toContainText('Ada')
    await card.getByRole('button', { name: 'Publish' }).click()
    await see(card).toContainText('Published')
    await console.getByRole('button', { name: 'Close form' }).click()
    await console.getByRole('button', { name: 'Open form' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'This form is closed' }).waitFor()
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'a customer who signs in is known by name, and counted by themselves',
  { timeout: 60_000 },
  async () => {
    await using issuer = await startIssuer()
    await using own = await openStage({ forms: issuer.settings() })
    const owner = await own.person('Yara')
    const { id: organizationId } = await own.organization(owner, 'Known Bakery', 'pro')
    const form = await owner.browser.post('/forms', {
      name: 'After the first delivery',
      productName: 'Bakery',
      questions: [{ text: 'What has changed?' }],
    })
    const page = await own.open()
    // The issuer's page: whoever is there says yes at once, and goes back with a token of its keys.
    await page.route(`${issuer.url}/authorize?**`, async (route) => {
      const asked = new URL(route.request().url()).searchParams
      expect(asked.get('client_id')).toBe(audience)
      const claims = { sub: 'ada', name: 'Ada Example', email: 'ada@example.com', nonce: asked.get('nonce') }
      const answer = new URLSearchParams({
        id_token: await issuer.token({ ...claims, email_verified: true }),
        state: asked.get('state') ?? '',
      })
      await route.fulfill({ status: 302, headers: { location: `${asked.get('redirect_uri')}#${answer}` } })
    })
    const address = `${own.product.url}${form.body.pagePath}`
    await page.goto(address)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Signed in as Ada Example').waitFor()
    await see(page).toHaveURL(address)
    await page.getByLabel('What has changed?').fill('Guests noticed within a week.')
    await page.getByRole('button', { name: 'Write it up for me' }).click()
    await page.getByLabel('Your testimonial').waitFor({ timeout: 15_000 })
    const [charge] = await own.product.transactions(organizationId)
    expect(charge?.actor).toMatchObject({ type: 'customer', name: 'Ada Example', email: 'ada@example.com' })
    expect(charge?.actor?.id).not.toBe('anonymous')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    // An answer that nobody asked for is not taken.
    const stray = new URLSearchParams({ id_token: await issuer.token({ sub: 'eve' }), state: 'x' })
    await page.goto(`${own.product.url}/f/signed-in#${stray}`)
    await page.getByRole('heading', { name: 'This sign-in did not begin here' }).waitFor()
    await page.goto(address)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(own.complaints).toEqual([])
  },
)

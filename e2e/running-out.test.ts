import { expect as see } from '@playwright/test'
import { credits } from '@stipend/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  if (hasChromium) stage = await openStage()
})
afterAll(() => stage?.[Symbol.asyncDispose]())

/** Takes all credits but so many. */
async function leave(organizationId: string, left: number): Promise<void> {
  const { engine } = stage.product.testimonials
  const { balance } = await engine.checkCreditBalance(organizationId)
  await engine.adjustCredits({
    organizationId,
    credits: credits(left - balance / 100),
    sourceId: `leave-${left}`,
    reason: 'a journey',
  })
}

test.skipIf(!hasChromium)(
  'credits run out: the refusal names the remedy, the draft survives the payment page, and runs after the top-up',
  { timeout: 60_000 },
  async () => {
    const { engine } = stage.product.testimonials
    const owner = await stage.person('Olga')
    const { id: organizationId, slug } = await stage.organization(owner, 'Dry Well', 'pro')
    await leave(organizationId, -2)
    const page = await stage.open(owner)
    const studio = `${stage.product.url}/app/${slug}/studio?tool=polish`
    await page.goto(studio)
    const draft = 'we like it very much ,really'
    await page.getByRole('textbox', { name: 'Text' }).fill(draft)
    const refusal = page.getByRole('alert')
    await refusal.getByText('More credits are needed').waitFor()
    await page.getByRole('button', { name: 'Polish it' }).click()
    await refusal.getByText('What you wrote is kept.').waitFor()
    const before = await stage.product.transactions(organizationId)
    expect(before.filter(({ type }) => type === 'ai_consumption')).toEqual([])

    // The remedy: what is for sale, and no credits before somebody has paid.
    await refusal.getByRole('button', { name: /^Top up 100 credits/ }).click()
    const dialog = page.getByRole('dialog')
    await see(dialog.getByRole('radio', { name: /100 credits/ })).toBeChecked()
    await dialog.getByRole('button', { name: 'Continue to payment' }).click()

    // Somebody looks, and goes back without paying: nothing has come, nothing is lost.
    await page.getByRole('heading', { name: 'Pay' }).waitFor()
    await page.getByRole('link', { name: 'Back without paying' }).click()
    await page.getByText('Nothing was paid.').waitFor()
    expect((await stage.product.transactions(organizationId)).length).toBe(before.length)
    await see(page.getByRole('textbox', { name: 'Text' })).toHaveValue(draft)

    // The second time a card is declined, then another one pays.
    await refusal.getByRole('button', { name: /^Top up 100 credits/ }).click()
    await dialog.getByRole('button', { name: 'Continue to payment' }).click()
    await page.getByRole('radio', { name: /Card that is declined/ }).check()
    await page.getByRole('button', { name: 'Pay $9.99' }).click()
    await page.getByRole('alert').getByText('Your card was declined.').waitFor()
    await page.getByRole('radio', { name: /Card that works/ }).check()
    await page.getByRole('button', { name: 'Pay $9.99' }).click()
    await page.getByText('Paid: +100 credits.').waitFor({ timeout: 15_000 })
    await see(page.getByRole('textbox', { name: 'Text' })).toHaveValue(draft)
    await see(refusal).toBeHidden({ timeout: 10_000 })
    await page.getByRole('button', { name: 'Polish it' }).click()
    const chip = page.getByRole('button', { name: /^Receipt/ })
    await chip.waitFor({ timeout: 15_000 })
    const [charge] = await stage.product.transactions(organizationId)
    expect(charge).toMatchObject({ type: 'ai_consumption', capability: 'testimonial_polish' })
    expect(await chip.textContent()).toContain(`${-(charge?.amount ?? 0) / 100} of ~`)
    expect((await engine.verifyLedger(organizationId)).problems).toEqual([])
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'what the plan lacks leads to the plan that has it',
  { timeout: 60_000 },
  async () => {
    const owner = await stage.person('Pia')
    const { slug } = await stage.organization(owner, 'Small Shop')
    const page = await stage.open(owner)
    await page.goto(`${stage.product.url}/app/${slug}/studio?tool=assemble`)
    await page.getByRole('alert').getByText('Not part of your plan').waitFor()
    await page.getByRole('link', { name: 'See the plan Pro' }).click()
    await page.getByRole('heading', { name: 'Billing' }).waitFor()
    await see(page.getByRole('listitem').filter({ hasText: 'Does what you tried' })).toContainText('Pro')
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'two people, two tabs, one balance: it follows the ledger, holds too',
  { timeout: 60_000 },
  async () => {
    const { engine } = stage.product.testimonials
    const owner = await stage.person('Quinn')
    const { id: organizationId, slug } = await stage.organization(owner, 'Shared Till', 'pro')
    const colleague = await stage.person('Rosa')
    const { join } = await import('../apps/testimonials/server/src/test-support/person.ts')
    await join(owner, organizationId, colleague, 'member')
    const tabs = [await stage.open(owner), await stage.open(colleague)]
    for (const tab of tabs) await tab.goto(`${stage.product.url}/app/${slug}/overview`)
    const shows = async (amount: string) => {
      for (const tab of tabs) {
        const link = tab.getByRole('link', { name: /Usage of credits/ })
        await see(link).toContainText(amount, { timeout: 10_000 })
      }
    }
    const spendable = async () => ((await engine.checkCreditBalance(organizationId)).spendable ?? 0) / 100
    await shows(`${await spendable()} credits`)
    const hold = await engine.reserveCredits({
      organizationId,
      capability: 'testimonial_polish',
      estimatedCredits: credits(12.5),
    })
    await shows(`${await spendable()} credits`)
    for (const tab of tabs)
      await see(tab.getByRole('img', { name: /12.5 held/ })).toBeVisible({ timeout: 10_000 })
    await engine.settleCredits({ organizationId, reservationId: hold.id, actualCredits: credits(4.25) })
    await shows(`${await spendable()} credits`)
    for (const tab of tabs)
      await see(tab.getByRole('img', { name: /4.25 used, 0 held/ })).toBeVisible({ timeout: 10_000 })
    // Both at once: each call is charged once, and both see both.
    for (const tab of tabs) {
      await tab.goto(`${stage.product.url}/app/${slug}/studio?tool=polish`)
      await tab.getByRole('textbox', { name: 'Text' }).fill('we like it very much ,really')
    }
    await Promise.all(tabs.map((tab) => tab.getByRole('button', { name: 'Polish it' }).click()))
    for (const tab of tabs) await tab.getByRole('button', { name: /^Receipt/ }).waitFor({ timeout: 15_000 })
    await shows(`${await spendable()} credits`)
    const charges = (await stage.product.transactions(organizationId)).filter(
      ({ capability }) => capability !== null,
    )
    expect(charges.map(({ actor }) => actor?.name ?? null).sort()).toEqual(['Quinn', 'Rosa', null])
    expect(stage.complaints).toEqual([])
  },
)

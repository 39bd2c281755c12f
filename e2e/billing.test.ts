import { expect as see } from '@playwright/test'
import { credits } from '@stipend/engine'
import { runAutoTopups } from '@stipend/server/stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasChromium, openStage, type Stage } from './support/stage.ts'

let stage: Stage
beforeAll(async () => {
  if (hasChromium) stage = await openStage()
})
afterAll(() => stage?.[Symbol.asyncDispose]())

const journey = { timeout: 90_000 }

/** What the stage takes payments with. */
function till() {
  const { testimonials, sandbox } = stage.product
  if (sandbox === null || testimonials.payments === undefined) throw new Error('The stage takes payments.')
  return { sandbox, payments: testimonials.payments, engine: testimonials.engine }
}

async function openBilling(name: string, person: string) {
  const owner = await stage.person(person)
  const { id: organizationId, slug } = await stage.organization(owner, name)
  const page = await stage.open(owner)
  await page.goto(`${stage.product.url}/app/${slug}/billing`)
  return { page, organizationId, slug, address: `${stage.product.url}/app/${slug}/billing` }
}

type Page = Awaited<ReturnType<Stage['open']>>

async function payOnThePage(page: Page, card = 'Card that works'): Promise<void> {
  await page.getByRole('radio', { name: card, exact: false }).first().check()
  await page.getByRole('button', { name: /^(Pay|Subscribe)/ }).click()
}

async function subscribe(page: Page, plan: string): Promise<void> {
  await page.getByRole('button', { name: `Change to ${plan}` }).click()
  await page.getByRole('button', { name: 'Continue to payment' }).click()
  await payOnThePage(page)
  await page.getByText('Paid: your plan has changed.').waitFor({ timeout: 15_000 })
}

const balanceOf = async (organizationId: string) => await till().engine.checkCreditBalance(organizationId)

test.skipIf(!hasChromium)('subscribe, upgrade as previewed, downgrade, undo', journey, async () => {
  const { page, organizationId } = await openBilling('Ladder', 'Una')
  await page.getByText('Payment sandbox: nobody is charged').waitFor()
  await page.getByRole('button', { name: 'Change to Pro' }).click()
  await see(page.getByTestId('preview')).toContainText(
    '$29.00 today, +500 credits now; then $29.00 a month from',
  )
  // Nothing is on the way before somebody agrees.
  await page.keyboard.press('Escape')
  expect((await balanceOf(organizationId)).plan).toBe('free')
  await subscribe(page, 'Pro')
  expect(await balanceOf(organizationId)).toMatchObject({ plan: 'pro', monthlyCredits: credits(500) })

  await page.getByRole('button', { name: 'Change to Team' }).click()
  await see(page.getByTestId('preview')).toContainText(', +1,500 credits now; then $99.00 a month from')
  const shown = /\$\d+\.\d\d/.exec((await page.getByTestId('preview').textContent()) ?? '')?.[0] ?? ''
  await page.getByRole('button', { name: `Pay ${shown} and change` }).click()
  await see(page.getByRole('link', { name: /^Invoice/ })).toHaveCount(2, { timeout: 15_000 })
  expect(await balanceOf(organizationId)).toMatchObject({ plan: 'team', monthlyCredits: credits(2000) })
  await see(page.getByRole('row', { name: /^Invoice/ }).first()).toContainText(shown)

  await page.getByRole('button', { name: 'Change to Pro' }).click()
  await see(page.getByTestId('preview')).toContainText('Nothing today.')
  await page.getByRole('button', { name: 'Change at the period’s end' }).click()
  const pending = page.getByRole('status').filter({ hasText: 'Changes to Pro on' })
  await pending.waitFor()
  expect((await balanceOf(organizationId)).pendingPlan).toBe('pro')
  await pending.getByRole('button', { name: 'Undo' }).click()
  await see(pending).toBeHidden()
  expect((await balanceOf(organizationId)).pendingPlan).toBeNull()
  expect(stage.complaints).toEqual([])
})

test.skipIf(!hasChromium)('a declined card changes nothing; paying the invoice does', journey, async () => {
  const { page, organizationId } = await openBilling('Short Purse', 'Vera')
  await subscribe(page, 'Pro')
  await page.getByRole('button', { name: 'Card and addresses' }).click()
  await page.getByRole('radio', { name: /saved, then declined/ }).check()
  await page.getByRole('button', { name: 'Use this card' }).click()
  await page.getByText('ending in 0341').waitFor()
  await page.getByRole('link', { name: 'Back to the shop' }).click()

  await page.getByRole('button', { name: 'Change to Team' }).click()
  await page.getByRole('button', { name: /^Pay \$\d+\.\d\d and change$/ }).click()
  await page.getByRole('dialog').getByRole('alert').getByText('declined').waitFor()
  await page.keyboard.press('Escape')
  expect(await balanceOf(organizationId)).toMatchObject({ plan: 'pro', monthlyCredits: credits(500) })
  const banner = page.getByRole('alert').filter({ hasText: /^The payment of \$\d+\.\d\d failed/ })
  const opened = page.context().waitForEvent('page')
  await banner.getByRole('link', { name: 'Pay now' }).click()
  const invoice = await opened
  await payOnThePage(invoice)
  await invoice.getByText('· paid').waitFor()
  await expect.poll(async () => (await balanceOf(organizationId)).plan, { timeout: 15_000 }).toBe('team')
  await page.reload()
  await see(page.getByRole('heading', { name: 'Team' }).first()).toBeVisible()
  await see(banner).toBeHidden()
  expect(stage.complaints).toEqual([])
})

test.skipIf(!hasChromium)(
  'a refund shows as credits taken back, in Billing and in the history',
  journey,
  async () => {
    const { page, organizationId, slug, address } = await openBilling('Second Thoughts', 'Wanda')
    await page.getByRole('button', { name: 'Top up credits' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Continue to payment' }).click()
    await payOnThePage(page)
    await page.getByText('Paid: +100 credits.').waitFor({ timeout: 15_000 })
    const { engine, payments } = till()
    const { payments: bought } = await engine.billing.listPayments({ organizationId })
    await payments.stripe.refunds.create({
      payment_intent: bought[0]?.stripePaymentIntentId ?? '',
      amount: 500,
    })
    await expect
      .poll(
        async () => (await engine.billing.listPayments({ organizationId })).payments[0]?.clawedBackCredits,
      )
      .toBe(credits(50))
    await page.goto(address)
    const row = page.getByRole('row').filter({ hasText: '100 credits' })
    await see(row).toContainText('$5.00 refunded')
    await see(row).toContainText('50 credits taken back')
    await page.goto(`${stage.product.url}/app/${slug}/usage/history`)
    await see(page.getByRole('row').filter({ hasText: /[-−]50/ })).toHaveCount(1)
    expect((await engine.verifyLedger(organizationId)).problems).toEqual([])
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'automatic top-up: set up, fires below the threshold, and shows',
  journey,
  async () => {
    const { page, organizationId, address } = await openBilling('Self Filling', 'Xenia')
    await page.getByRole('button', { name: 'Card and addresses' }).click()
    await page.getByRole('button', { name: 'Use this card' }).click()
    await page.getByText('visa ending in 4242').waitFor()
    await page.getByRole('link', { name: 'Back to the shop' }).click()
    await page.getByRole('button', { name: 'Set up' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('When the balance falls below').fill('15')
    await dialog.getByLabel('At most a month').fill('5')
    await dialog.getByRole('button', { name: 'Save' }).click()
    // The ceiling is below the price of one package.
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('At most a month').fill('50')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Below 15 credits it buys 100 credits.').waitFor()

    const { engine, payments } = till()
    await engine.adjustCredits({
      organizationId,
      credits: credits(-8),
      sourceId: 'used',
      reason: 'a journey',
    })
    expect(await runAutoTopups(payments)).toBe(1)
    await page.goto(address)
    await page.getByText('$9.99 of at most $50.00 this month.').waitFor()
    await see(page.getByRole('row').filter({ hasText: 'Automatic top-up' })).toContainText('Paid')
    expect((await balanceOf(organizationId)).balance).toBe(credits(112))
    expect(stage.complaints).toEqual([])
  },
)

test.skipIf(!hasChromium)(
  'a member reads what the plan is, and that an admin changes it',
  journey,
  async () => {
    const owner = await stage.person('Yara')
    const { id, slug } = await stage.organization(owner, 'Small Team')
    const colleague = await stage.person('Zoe')
    const { join } = await import('../apps/testimonials/server/src/test-support/person.ts')
    await join(owner, id, colleague, 'member')
    const page = await stage.open(colleague)
    await page.goto(`${stage.product.url}/app/${slug}/billing`)
    await page.getByText('Admins and owners can change the plan and buy credits.').waitFor()
    await see(page.getByRole('button', { name: /Change to|Top up credits|Card and addresses/ })).toHaveCount(
      0,
    )
    await see(page.getByRole('heading', { name: 'Invoices' })).toHaveCount(0)
    expect(stage.complaints).toEqual([])
  },
)

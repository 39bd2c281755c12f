import { afterAll, beforeAll, expect, test } from 'vitest'
import { createShop, post, type Shop } from '../test-support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const call = (key: string, method: string, path: string, body?: unknown) =>
  shop.api.call(method, path, { key, ...(body === undefined ? {} : { body }) })
const balanceOf = async (key: string) => (await call(key, 'GET', '/credits/balance')).body

/** An organization that has subscribed on the checkout page. */
async function subscriber(plan = 'pro', interval: 'month' | 'year' = 'month') {
  const { key, organizationId } = await shop.api.createOrganization()
  const { body } = await call(key, 'POST', '/billing/upgrade', { plan, interval })
  expect(body).toMatchObject({ status: 'checkout' })
  expect(await shop.pay(String(body['checkoutUrl']))).toBe(303)
  await shop.settled()
  return { key, organizationId }
}

async function useCard(key: string, organizationId: string, card: string) {
  const { customerId } = await shop.api.stipend.engine.billing.getState(organizationId)
  const { url } = (await call(key, 'POST', '/billing/portal')).body as unknown as { url: string }
  expect(await post(`${url}/card`, { way: card })).toBe(303)
  expect(customerId).not.toBeNull()
}

test('a first subscription is previewed, paid on the page, and brings its credits', async () => {
  const { key } = await shop.api.createOrganization()
  const preview = await call(key, 'POST', '/billing/preview', { plan: 'pro' })
  expect(preview.body).toMatchObject({
    kind: 'subscribe',
    dueNowCents: 2900,
    creditsNow: 500,
    currency: 'usd',
  })
  const { body } = await call(key, 'POST', '/billing/upgrade', { plan: 'pro' })
  // Nothing comes before it is paid.
  expect(await balanceOf(key)).toMatchObject({ monthlyCredits: 10 })
  await shop.pay(String(body['checkoutUrl']))
  await shop.settled()
  expect(await balanceOf(key)).toMatchObject({ monthlyCredits: 500, bonusCredits: 10 })
  expect((await call(key, 'GET', '/billing/subscription')).body).toMatchObject({
    plan: 'pro',
    status: 'active',
    interval: 'month',
    payments: 'sandbox',
    card: { brand: 'visa', last4: '4242' },
  })
})

test('an upgrade is charged as it was previewed, and brings the difference once', async () => {
  const { key } = await subscriber()
  const preview = (await call(key, 'POST', '/billing/preview', { plan: 'business' })).body
  expect(preview).toMatchObject({ kind: 'upgrade', creditsNow: 1500, nextInvoiceCents: 9900 })
  const { prorationDate } = preview
  const upgrade = await call(key, 'POST', '/billing/upgrade', { plan: 'business', prorationDate })
  expect(upgrade.body).toMatchObject({ status: 'changed' })
  await shop.settled()
  expect(await balanceOf(key)).toMatchObject({ monthlyCredits: 2000 })
  const { invoices } = (await call(key, 'GET', '/billing/invoices')).body as unknown as {
    invoices: { totalCents: number }[]
  }
  expect(invoices.map(({ totalCents }) => totalCents)).toEqual([preview['dueNowCents'], 2900])
})

test('a declined upgrade changes nothing, says where to pay, and takes effect when that is paid', async () => {
  const { key, organizationId } = await subscriber()
  await useCard(key, organizationId, '4000000000000341')
  const declined = await call(key, 'POST', '/billing/upgrade', { plan: 'business' })
  expect(declined).toMatchObject({ status: 402, body: { code: 'payment_declined' } })
  await shop.settled()
  expect(await balanceOf(key)).toMatchObject({ monthlyCredits: 500 })
  const { paymentFailed } = (await call(key, 'GET', '/billing/subscription')).body as unknown as {
    paymentFailed: { payUrl: string; amountCents: number }
  }
  expect(paymentFailed.amountCents).toBeGreaterThan(0)
  expect(await post(paymentFailed.payUrl, { way: '4242424242424242' })).toBe(303)
  await shop.settled()
  expect(await balanceOf(key)).toMatchObject({ monthlyCredits: 2000 })
  expect((await call(key, 'GET', '/billing/subscription')).body).toMatchObject({
    plan: 'business',
    paymentFailed: null,
  })
})

test('a downgrade and a cancellation wait for the period’s end and can be taken back', async () => {
  const { key } = await subscriber('business')
  expect((await call(key, 'POST', '/billing/preview', { plan: 'pro' })).body).toMatchObject({
    kind: 'downgrade',
    dueNowCents: 0,
    nextInvoiceCents: 2900,
  })
  expect((await call(key, 'POST', '/billing/downgrade', { plan: 'pro' })).body).toMatchObject({
    plan: 'business',
    pending: { plan: 'pro' },
  })
  expect((await call(key, 'POST', '/billing/preview', { plan: 'business' })).body).toMatchObject({
    kind: 'resume',
  })
  expect((await call(key, 'POST', '/billing/resume')).body).toMatchObject({ plan: 'business', pending: null })
  expect((await call(key, 'POST', '/billing/cancel')).body).toMatchObject({ pending: { plan: 'free' } })
  expect((await call(key, 'POST', '/billing/resume')).body).toMatchObject({ pending: null, cancelsAt: null })
  await shop.settled()
  expect(await balanceOf(key)).toMatchObject({ monthlyCredits: 2000 })
})

test('a downgrade that was taken back costs nothing extra at the next upgrade', async () => {
  const { key } = await subscriber('pro')
  const direct = (await call(key, 'POST', '/billing/preview', { plan: 'business' })).body['dueNowCents']
  await call(key, 'POST', '/billing/cancel')
  const { status } = await call(key, 'POST', '/billing/upgrade', { plan: 'business' })
  expect(status).toBe(200)
  await shop.settled()
  const { invoices } = (await call(key, 'GET', '/billing/invoices')).body as unknown as {
    invoices: { totalCents: number }[]
  }
  expect(Math.abs((invoices[0]?.totalCents ?? 0) - Number(direct))).toBeLessThanOrEqual(1)
  expect((await call(key, 'GET', '/billing/subscription')).body).toMatchObject({
    plan: 'business',
    cancelsAt: null,
  })
})

test('a year is paid at once and its credits come monthly', async () => {
  const { key } = await subscriber('pro', 'year')
  const { paidUntil } = (await call(key, 'GET', '/billing/subscription')).body as unknown as {
    paidUntil: string
  }
  expect(new Date(paidUntil).getTime() - Date.now()).toBeGreaterThan(360 * 86_400_000)
  const balance = await balanceOf(key)
  expect(balance).toMatchObject({ monthlyCredits: 500 })
  expect(new Date(String(balance['periodEndsAt'])).getTime() - Date.now()).toBeLessThan(32 * 86_400_000)
})

test.each([
  ['POST', '/billing/upgrade', { plan: 'free' }, 'plan'],
  ['POST', '/billing/upgrade', { plan: 'nothing' }, 'plan'],
  ['POST', '/billing/downgrade', { plan: 'business' }, 'plan'],
  ['POST', '/billing/cancel', undefined, 'plan'],
  ['POST', '/billing/upgrade', { plan: 'team', interval: 'year' }, 'interval'],
  ['POST', '/credits/purchase', { packageId: 'nothing' }, 'packageId'],
  [
    'PUT',
    '/billing/auto-topup',
    { enabled: true, packageId: 'starter', thresholdCredits: 5, monthlyCeilingCents: 10 },
    'monthlyCeilingCents',
  ],
])('%s %s %j is refused by the field %s', async (method, path, body, field) => {
  const { key } = await shop.api.createOrganization()
  const refused = await call(key, method, path, body)
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request', field } })
})

test('where nobody takes payments, all of it says so', async () => {
  const { createTestApi } = await import('../test-support/api.ts')
  await using api = await createTestApi()
  for (const [method, path, body] of [
    ['POST', '/credits/purchase', { packageId: 'starter' }],
    ['POST', '/billing/preview', { plan: 'pro' }],
    ['POST', '/billing/cancel', undefined],
    ['POST', '/billing/portal', undefined],
    ['GET', '/billing/invoices', undefined],
    ['POST', '/webhooks/stripe', {}],
  ] as const) {
    const { key } = api
    const answer = await api.call(method, path, { key, ...(body === undefined ? {} : { body }) })
    expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'payments_not_configured'])
  }
  expect((await api.call('GET', '/billing/subscription', { key: api.key })).body).toMatchObject({
    payments: 'none',
  })
})

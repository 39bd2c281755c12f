import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standing } from '../test-support/histories.ts'
import { type ClockedOrganization, createShop, post, type Shop } from '../test-support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})
afterAll(() => shop[Symbol.asyncDispose]())

const start = new Date('2027-03-10T09:00:00Z')
const days = (count: number) => new Date(start.getTime() + count * 86_400_000)

async function buy({ key }: ClockedOrganization, way = '4242424242424242') {
  const { body } = await shop.api.call('POST', '/credits/purchase', { key, body: { packageId: 'starter' } })
  await shop.pay(String(body['checkoutUrl']), way)
  const session = await shop.stripe.checkout.sessions.retrieve(String(body['sessionId']))
  return { session, intent: String(session.payment_intent) }
}

async function subscribe({ customerId }: ClockedOrganization, card = 'pm_card_visa') {
  const method = await shop.stripe.paymentMethods.attach(card, { customer: customerId })
  await shop.stripe.customers.update(customerId, { invoice_settings: { default_payment_method: method.id } })
  const prices = await shop.api.stipend.engine.billing.listStripePrices()
  const price = prices.find(({ plan, interval }) => plan === 'pro' && interval === 'month')?.priceId ?? ''
  return await shop.stripe.subscriptions.create({ customer: customerId, items: [{ price }] })
}

async function failingCard({ customerId }: ClockedOrganization, subscription: string) {
  const card = await shop.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customerId })
  await shop.stripe.customers.update(customerId, { invoice_settings: { default_payment_method: card.id } })
  await shop.stripe.subscriptions.update(subscription, { default_payment_method: card.id })
}

/** Each handled event, by something that makes Stripe send it, and what stands in the end. Credits in hundredths. */
const scenarios: Record<string, { happen: (who: ClockedOrganization) => Promise<unknown>; ends: object }> = {
  'checkout.session.completed': {
    happen: (who) => buy(who),
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 11_000, debtCredits: 0 } },
  },
  'checkout.session.async_payment_succeeded': {
    happen: async (who) => shop.sandbox.controls.endAsyncPayment((await buy(who, 'bank')).intent, true),
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 11_000, debtCredits: 0 } },
  },
  'checkout.session.async_payment_failed': {
    happen: async (who) => shop.sandbox.controls.endAsyncPayment((await buy(who, 'bank')).intent, false),
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 1000, debtCredits: 0 } },
  },
  'checkout.session.expired': {
    happen: async (who) => {
      const { body } = await shop.api.call('POST', '/credits/purchase', {
        key: who.key,
        body: { packageId: 'starter' },
      })
      await shop.stripe.checkout.sessions.expire(String(body['sessionId']))
    },
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 1000, debtCredits: 0 } },
  },
  'invoice.paid': {
    happen: (who) => subscribe(who),
    ends: { plan: 'pro', balance: { monthlyCredits: 50_000, bonusCredits: 1000, debtCredits: 0 } },
  },
  'customer.subscription.created': {
    happen: (who) => subscribe(who),
    ends: { plan: 'pro', status: 'active' },
  },
  'customer.subscription.updated': {
    happen: async (who) => {
      const { id } = await subscribe(who)
      await shop.stripe.subscriptions.update(id, { cancel_at_period_end: true })
    },
    ends: { plan: 'pro', pending: { plan: 'free', changesAt: '2027-04-10T09:00:00.000Z' } },
  },
  'customer.subscription.deleted': {
    happen: async (who) => shop.stripe.subscriptions.cancel((await subscribe(who)).id),
    ends: { plan: 'free', status: 'active', paidUntil: null },
  },
  'invoice.payment_failed': {
    happen: async (who) => {
      await failingCard(who, (await subscribe(who)).id)
      await who.advanceTo(days(36), { settle: false })
    },
    ends: {
      plan: 'pro',
      status: 'past_due',
      balance: { monthlyCredits: 0, bonusCredits: 1000, debtCredits: 0 },
    },
  },
  'charge.refunded': {
    happen: async (who) => {
      const { intent } = await buy(who)
      await shop.stripe.refunds.create({ payment_intent: intent, amount: 500 })
    },
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 6000, debtCredits: 0 } },
  },
  'charge.dispute.created': {
    happen: async (who) => shop.sandbox.controls.dispute((await buy(who)).intent),
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 1000, debtCredits: 0 } },
  },
  'charge.dispute.closed': {
    happen: async (who) => {
      const dispute = shop.sandbox.controls.dispute((await buy(who)).intent)
      shop.sandbox.controls.closeDispute(dispute, 'won')
    },
    ends: { balance: { monthlyCredits: 1000, bonusCredits: 11_000, debtCredits: 0 } },
  },
}

/** How deliveries may come. */
const ways: Record<string, (who: ClockedOrganization) => Promise<void>> = {
  once: () => shop.sandbox.controls.deliveries.release(),
  twice: () => shop.sandbox.controls.deliveries.release({ copies: 2 }),
  'five times at once': () => shop.sandbox.controls.deliveries.release({ copies: 5, atOnce: 5 }),
  'before its cause': () => shop.sandbox.controls.deliveries.release({ isReversed: true }),
  'three days late': async (who) => {
    await who.advanceTo(new Date(who.now().getTime() + 3 * 86_400_000), { settle: false })
    await shop.sandbox.controls.deliveries.release()
  },
}

describe.each(Object.entries(scenarios))('%s', (type, { happen, ends }) => {
  test.each(Object.entries(ways))('%s', async (_, deliver) => {
    const who = await shop.createOnClock(start)
    shop.sandbox.controls.deliveries.hold()
    const before = shop.sandbox.controls.events(type).length
    await happen(who)
    expect(shop.sandbox.controls.events(type).length).toBeGreaterThan(before)
    await deliver(who)
    await shop.settled()
    expect(await standing(shop, who)).toMatchObject(ends)
  })
})

describe('what was not bound', () => {
  /** A payment at Stripe that claims to be one of ours, paid. */
  async function payOther(
    who: ClockedOrganization,
    change: { amount?: number; currency?: string; package?: string; payment?: string; organization?: string },
  ): Promise<string> {
    const bound = await shop.api.call('POST', '/credits/purchase', {
      key: who.key,
      body: { packageId: 'starter' },
    })
    const session = await shop.stripe.checkout.sessions.retrieve(String(bound.body['sessionId']))
    const metadata = {
      ...session.metadata,
      ...(change.package === undefined ? {} : { stipend_package: change.package }),
      ...(change.payment === undefined ? {} : { stipend_payment: change.payment }),
      ...(change.organization === undefined ? {} : { stipend_organization: change.organization }),
    }
    const other = await shop.stripe.checkout.sessions.create({
      mode: 'payment',
      customer: who.customerId,
      line_items: [
        {
          price_data: {
            currency: change.currency ?? 'usd',
            unit_amount: change.amount ?? 999,
            product_data: { name: 'Something' },
          },
          quantity: 1,
        },
      ],
      metadata,
      payment_intent_data: { metadata },
      success_url: 'https://console.example/',
    })
    await shop.pay(other.url ?? '')
    await shop.settled()
    return String(bound.body['paymentId'])
  }
  const nothing = { balance: { monthlyCredits: 1000, bonusCredits: 1000, debtCredits: 0 } }

  test.each([
    ['a wrong amount', { amount: 1 }],
    ['a wrong currency', { currency: 'eur' }],
    ['a wrong package', { package: 'power' }],
  ])('%s grants nothing and is told', async (_, change) => {
    const who = await shop.createOnClock(start)
    await payOther(who, change)
    expect(await standing(shop, who)).toMatchObject(nothing)
    const { payments } = await shop.api.stipend.engine.billing.listPayments(who)
    expect(payments[0]?.status).toBe('mismatch')
    const { rows } = await shop.api.database.owner.query(
      `select payload from stipend.outbox_events where organization_id = $1 and type = 'payment.mismatch'`,
      [who.organizationId],
    )
    expect(rows).toHaveLength(1)
  })

  test('a stranger’s payment grants neither', async () => {
    const [mine, strange] = [await shop.createOnClock(start), await shop.createOnClock(start)]
    const { body } = await shop.api.call('POST', '/credits/purchase', {
      key: mine.key,
      body: { packageId: 'starter' },
    })
    await payOther(strange, { payment: String(body['paymentId']), organization: mine.organizationId })
    await payOther(strange, { payment: String(body['paymentId']) })
    expect(await standing(shop, mine)).toMatchObject(nothing)
    expect(await standing(shop, strange)).toMatchObject(nothing)
  })

  test('a customer that is none of ours is none of our business', async () => {
    const customer = await shop.stripe.customers.create({ name: 'Of another product' })
    const intent = await shop.stripe.paymentIntents.create({
      amount: 500,
      currency: 'usd',
      customer: customer.id,
      payment_method: 'pm_card_visa',
      confirm: true,
    })
    await shop.stripe.refunds.create({ payment_intent: intent.id })
    await shop.settled()
    expect(shop.sandbox.controls.deliveries.log.at(-1)).toMatchObject({
      type: 'charge.refunded',
      status: 200,
    })
  })
})

describe('a signature', () => {
  const event = { id: 'evt_forged', object: 'event', type: 'invoice.paid', data: { object: {} } }
  const send = async (header: string | undefined, body = JSON.stringify(event)) => {
    const response = await shop.api.stipend.fetch(
      new Request('http://api.example/webhooks/stripe', {
        method: 'POST',
        body,
        headers: header === undefined ? {} : { 'stripe-signature': header },
      }),
    )
    return { status: response.status, code: ((await response.json()) as { code?: string }).code }
  }
  const sign = async (secret: string, timestamp = Math.floor(Date.now() / 1000)) =>
    shop.stripe.webhooks.generateTestHeaderString({ payload: JSON.stringify(event), secret, timestamp })

  test('is demanded, of the right secret, over the very body, of the last minutes', async () => {
    const right = await sign('whsec_of_the_tests')
    const refused = { status: 400, code: 'invalid_signature' }
    expect(await send(undefined)).toEqual(refused)
    expect(await send('t=1,v1=00')).toEqual(refused)
    expect(await send(await sign('whsec_another'))).toEqual(refused)
    expect(await send(right, JSON.stringify({ ...event, id: 'evt_other' }))).toEqual(refused)
    expect(await send(await sign('whsec_of_the_tests', Math.floor(Date.now() / 1000) - 600))).toEqual(refused)
    expect((await send(right)).status).toBe(200)
  })

  test('of a form that nobody pays with goes nowhere', async () => {
    expect(await post(`${shop.sandbox.url}/c/pay/cs_test_nothing`, { way: '4242424242424242' })).toBe(404)
  })
})

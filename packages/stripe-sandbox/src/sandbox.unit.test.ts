import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { customerAt, type Live, openLive, priceOf } from './test-support/live.ts'

let live: Live
let stripe: Stripe
beforeAll(async () => {
  live = await openLive()
  stripe = live.stripe
})
afterAll(() => live[Symbol.asyncDispose]())

const utc = (text: string) => new Date(`${text}T12:00:00Z`)
const seconds = (date: Date) => date.getTime() / 1000
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof Stripe.errors.StripeError ? error : null),
  )

test('what it does not know is an error, never a silent success', async () => {
  expect(await errorOf(stripe.coupons.list())).toMatchObject({ statusCode: 404 })
  expect(await errorOf(stripe.customers.create({ tax_id_data: [], business_name: 'x' }))).toMatchObject({
    statusCode: 400,
    code: 'parameter_unknown',
    param: 'business_name',
  })
  expect(await errorOf(stripe.customers.retrieve('cus_nobody'))).toMatchObject({ code: 'resource_missing' })
  const stranger = new Stripe('sk_live_x', { ...live.sandbox.clientOptions(), maxNetworkRetries: 0 })
  expect(await errorOf(stranger.customers.list())).toMatchObject({ statusCode: 401 })
})

test('a key is answered once: the same again, another request refused', async () => {
  const idempotencyKey = 'once'
  const first = await stripe.customers.create({ name: 'A' }, { idempotencyKey })
  expect((await stripe.customers.create({ name: 'A' }, { idempotencyKey })).id).toBe(first.id)
  expect(await errorOf(stripe.customers.create({ name: 'B' }, { idempotencyKey }))).toMatchObject({
    type: 'StripeIdempotencyError',
  })
})

test('lists come newest first, in pages', async () => {
  const ids: string[] = []
  for (let index = 0; index < 5; index += 1)
    ids.unshift((await stripe.products.create({ name: `P${index}` })).id)
  const first = await stripe.products.list({ limit: 2 })
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect(first.has_more).toBe(true)
  const all: string[] = []
  for await (const { id } of stripe.products.list({ limit: 2 })) all.push(id)
  expect(all.slice(0, 5)).toEqual(ids)
})

test('the 31st comes back after February', async () => {
  const { customer, advance } = await customerAt(stripe, utc('2027-01-31'))
  const { id } = await stripe.subscriptions.create({
    customer,
    items: [{ price: await priceOf(stripe, 1000, 'month') }],
  })
  const ends: string[] = []
  for (const to of ['2027-03-01', '2027-04-01', '2027-05-01']) {
    await advance(utc(to))
    const { items } = await stripe.subscriptions.retrieve(id)
    ends.push(new Date((items.data[0]?.current_period_end ?? 0) * 1000).toISOString().slice(0, 10))
  }
  expect(ends).toEqual(['2027-03-31', '2027-04-30', '2027-05-31'])
  expect((await stripe.invoices.list({ subscription: id, status: 'paid' })).data).toHaveLength(4)
})

test('an upgrade is prorated to the second, as it was previewed', async () => {
  const { customer, advance } = await customerAt(stripe, utc('2027-04-01'))
  const [small, large] = [await priceOf(stripe, 3000, 'month'), await priceOf(stripe, 9000, 'month')]
  const subscription = await stripe.subscriptions.create({ customer, items: [{ price: small }] })
  // A third of thirty days is left.
  await advance(utc('2027-04-21'))
  const items = [{ id: subscription.items.data[0]?.id ?? '', price: large }]
  const date = seconds(utc('2027-04-21'))
  const preview = await stripe.invoices.createPreview({
    customer,
    subscription: subscription.id,
    subscription_details: { items, proration_behavior: 'always_invoice', proration_date: date },
  })
  expect(preview.lines.data.map(({ amount }) => amount)).toEqual([-1000, 3000])
  expect(preview.amount_due).toBe(2000)
  const updated = await stripe.subscriptions.update(subscription.id, {
    items,
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
    proration_date: date,
    expand: ['latest_invoice'],
  })
  expect(updated.latest_invoice).toMatchObject({
    status: 'paid',
    total: 2000,
    billing_reason: 'subscription_update',
  })
  expect(updated.items.data[0]?.price.id).toBe(large)
})

test('a change that is not paid waits, takes effect when it is, and goes after 23 hours', async () => {
  for (const isPaid of [true, false]) {
    const { customer, advance } = await customerAt(stripe, utc('2027-04-01'))
    const [small, large] = [await priceOf(stripe, 3000, 'month'), await priceOf(stripe, 9000, 'month')]
    const { id, items } = await stripe.subscriptions.create({ customer, items: [{ price: small }] })
    const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: bad.id } })
    const waiting = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: large }],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    })
    expect(waiting.pending_update).not.toBeNull()
    expect(waiting.items.data[0]?.price.id).toBe(small)
    const invoice = String(waiting.latest_invoice)
    if (isPaid) await stripe.invoices.pay(invoice, { payment_method: 'pm_card_visa' })
    else await advance(new Date(utc('2027-04-01').getTime() + 24 * 3_600_000))
    const after = await stripe.subscriptions.retrieve(id)
    expect(after.pending_update).toBeNull()
    expect(after.items.data[0]?.price.id).toBe(isPaid ? large : small)
    expect((await stripe.invoices.retrieve(invoice)).status).toBe(isPaid ? 'paid' : 'void')
  }
})

test('a renewal that fails is tried again after 3, 5 and 7 days, then the subscription ends', async () => {
  const { customer, advance } = await customerAt(stripe, utc('2027-04-01'))
  const { id } = await stripe.subscriptions.create({
    customer,
    items: [{ price: await priceOf(stripe, 1000, 'month') }],
  })
  const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: bad.id } })
  const seen: [string, number][] = []
  for (const to of ['2027-05-02', '2027-05-05', '2027-05-10', '2027-05-17']) {
    await advance(utc(to))
    const { status, latest_invoice: invoice } = await stripe.subscriptions.retrieve(id, {
      expand: ['latest_invoice'],
    })
    seen.push([status, typeof invoice === 'object' ? (invoice?.attempt_count ?? 0) : 0])
  }
  expect(seen).toEqual([
    ['past_due', 1],
    ['past_due', 2],
    ['past_due', 3],
    ['canceled', 4],
  ])
})

test('webhooks are signed as Stripe signs, tried again, and held back, doubled and shuffled on demand', async () => {
  const secret = 'whsec_of_the_test'
  const taken: string[] = []
  let refusals = 2
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const event = stripe.webhooks.constructEvent(body, String(request.headers['stripe-signature']), secret)
      refusals -= 1
      if (refusals >= 0) {
        response.writeHead(500).end()
        return
      }
      taken.push(event.id)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await using own = await openLive({
    webhook: { url: `http://127.0.0.1:${port}/`, secret, events: ['customer.created'] },
    retryMs: [5, 5, 5],
  })
  const { deliveries } = own.sandbox.controls
  await own.stripe.customers.create({ name: 'tried three times' })
  await deliveries.idle()
  expect(deliveries.log.map(({ status }) => status)).toEqual([500, 500, 200])

  taken.length = 0
  deliveries.hold()
  for (let index = 0; index < 6; index += 1) await own.stripe.customers.create({ name: `C${index}` })
  expect(taken).toEqual([])
  await deliveries.release({ copies: 2, seed: 7 })
  const ids = own.sandbox.controls
    .events('customer.created')
    .slice(1)
    .map(({ id }) => id)
  expect([...taken].sort()).toEqual([...ids, ...ids].sort())
  expect(taken).not.toEqual(ids.flatMap((id) => [id, id]))
  server.close()
})

test('what it knows outlives a restart where it has a file', async () => {
  const { mkdtemp } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  const file = join(await mkdtemp(join(tmpdir(), 'sandbox-')), 'state.json')
  let id: string
  {
    await using before = await openLive({ file })
    id = (await before.stripe.customers.create({ name: 'Kept' })).id
  }
  await using after = await openLive({ file })
  expect(await after.stripe.customers.retrieve(id)).toMatchObject({ name: 'Kept' })
})

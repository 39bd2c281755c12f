import type { SeenRequest } from '@stipend/stripe-sandbox'
import { expect, test } from 'vitest'
import { generateRequestSchemas } from '../../../stripe-sandbox/src/test-support/request-schemas.ts'
import { createShop, post } from '../test-support/shop.ts'
import { runAutoTopups } from './auto-topup.ts'
import { convergeOrganization } from './converge.ts'
import { syncPrices } from './price-sync.ts'
import { findDrift } from './reconcile.ts'

const schemas = generateRequestSchemas()

test('the schemas refuse what is not declared', () => {
  expect(schemas.callOf('POST', '/v1/customers/cus_1')).toBeUndefined()
  expect(schemas.callOf('POST', '/v1/invoices/create_preview')).toBe('POST /v1/invoices/create_preview')
  expect(schemas.problemsOf('POST /v1/customers', { name: 'Ada' })).toEqual([])
  expect(schemas.problemsOf('POST /v1/customers', { nmae: 'Ada' })).not.toEqual([])
  expect(
    schemas.problemsOf('POST /v1/subscriptions/:id', { proration_behavior: 'alwaysinvoice' }),
  ).not.toEqual([])
})

test('every request that is made of Stripe fits the declarations of its package', {
  timeout: 60_000,
}, async () => {
  const requests: SeenRequest[] = []
  await using shop = await createShop({ onRequest: (request) => void requests.push(request) })
  const { key, organizationId } = await shop.api.createOrganization()
  const call = (method: string, path: string, body?: unknown) =>
    shop.api.call(method, path, { key, ...(body === undefined ? {} : { body }) })
  const pay = async (answer: Awaited<ReturnType<typeof call>>) => {
    await shop.pay(String(answer.body['checkoutUrl']))
    await shop.settled()
  }

  await pay(await call('POST', '/credits/purchase', { packageId: 'starter' }))
  await pay(await call('POST', '/billing/upgrade', { plan: 'pro' }))
  const { prorationDate } = (await call('POST', '/billing/preview', { plan: 'business' })).body
  await call('POST', '/billing/upgrade', { plan: 'business', prorationDate })
  for (const path of ['/billing/cancel', '/billing/resume', '/billing/portal']) await call('POST', path)
  await call('POST', '/billing/downgrade', { plan: 'pro' })
  await call('POST', '/billing/upgrade', { plan: 'business', interval: 'year' })
  await call('GET', '/billing/invoices')
  await call('GET', '/billing/subscription')
  await call('PUT', '/billing/auto-topup', {
    enabled: true,
    packageId: 'starter',
    thresholdCredits: 100_000,
    monthlyCeilingCents: 5_000,
  })
  await runAutoTopups(shop.payments)
  const { payments } = await shop.api.stipend.engine.billing.listPayments({ organizationId })
  const [newest, first] = payments.map(({ stripePaymentIntentId }) => stripePaymentIntentId ?? '')
  shop.sandbox.controls.refund(first ?? '', 100)
  shop.sandbox.controls.dispute(newest ?? '')
  const invoice = shop.sandbox.controls.events('invoice.paid').length
  expect(invoice).toBeGreaterThan(0)
  await shop.settled()
  await shop.api.database.owner.query(
    `update stipend.plans set price_usd_cents = 3900, name = 'Pro+' where unique_name = 'pro'`,
  )
  await syncPrices(shop.payments, { webhookUrl: 'https://api.example/webhooks/stripe' })
  await convergeOrganization(shop.payments, organizationId)
  for await (const drift of findDrift(shop.payments)) expect(drift).toBeNull()
  expect(await post(`${shop.sandbox.url}/sandbox/hold`, {})).toBe(200)

  const seen = new Set<string>()
  const problems = requests.flatMap(({ method, path, parameters }) => {
    const name = schemas.callOf(method, path)
    if (name === undefined) return [`${method} ${path} is not described`]
    seen.add(name)
    return schemas.problemsOf(name, parameters)
  })
  expect(problems).toEqual([])
  expect(seen.size).toBeGreaterThanOrEqual(22)
})

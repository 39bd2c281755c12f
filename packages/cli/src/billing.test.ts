import { createEngine, type Engine } from '@stipend/engine'
import { createStripeContext, type StripeContext } from '@stipend/server/stripe'
import { type StripeSandbox, startStripeSandbox } from '@stipend/stripe-sandbox'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { stipend } from './test-support/stipend.ts'

let database: TestDatabase
let engine: Engine<typeof catalog>
let sandbox: StripeSandbox
let stripe: StripeContext

beforeAll(async () => {
  database = await createTestDatabase()
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId: 'acme', name: 'Acme', plan: 'free' })
  sandbox = await startStripeSandbox()
  const options = { secretKey: 'sk_test_cli', webhookSecret: '', frontendUrl: 'http://localhost' }
  stripe = createStripeContext(engine as unknown as Engine, { ...options, apiBase: sandbox.url }, undefined)
})
afterAll(async () => {
  await sandbox.close()
  await engine.close()
  await database[Symbol.asyncDispose]()
})

const run = (...args: string[]) =>
  stipend(args, {
    env: { DATABASE_URL: database.serverUrl, STRIPE_SECRET_KEY: 'sk_test_cli', STRIPE_API_BASE: sandbox.url },
  })

/** A package paid at Stripe, of which no webhook tells. */
async function payUntold(): Promise<string> {
  const paymentId = crypto.randomUUID()
  const { customerId } = await engine.billing.getState('acme')
  const customer = customerId ?? (await stripe.stripe.customers.create({ name: 'Acme' })).id
  if (customerId === null) await engine.billing.putCustomer('acme', customer)
  const [pack] = await engine.listTopupPackages()
  const packageId = pack?.id ?? ''
  const bound = await engine.billing.createPayment({ organizationId: 'acme', paymentId, package: packageId })
  const intent = await stripe.stripe.paymentIntents.create({
    amount: bound.amountCents,
    currency: bound.currency,
    customer,
    payment_method: 'pm_card_visa',
    confirm: true,
    metadata: {
      stipend_organization: 'acme',
      stipend_payment: paymentId,
      stipend_package: packageId,
      stipend_kind: 'topup',
    },
  })
  return intent.id
}

test('stripe sync creates once, and shows a new endpoint’s secret', async () => {
  const first = await run('stripe', 'sync', '--webhook-url', 'https://api.example/webhooks/stripe')
  expect(first).toMatchObject({ code: 0, errors: '' })
  expect(first.output).toMatch(/^price +stipend_plan_pro_month +created +price_/m)
  expect(first.output).toMatch(/^STRIPE_WEBHOOK_SECRET=whsec_\w+$/m)
  const again = await run('stripe', 'sync', '--webhook-url', 'https://api.example/webhooks/stripe')
  expect(again.output).not.toMatch(/created|whsec_/)
  const { entries } = await engine.operator.listAudit()
  const written = {
    action: 'stipend stripe sync',
    outcome: 'done',
    parameters: { webhookUrl: 'https://api.example/webhooks/stripe' },
  }
  expect(entries).toMatchObject([written, written])
})

test('reconcile finds what was not told, exits with 1 and names the command; that mends it', async () => {
  expect(await run('reconcile')).toMatchObject({
    code: 0,
    output: 'Stripe and the books agree on the last 35 days.\n',
  })
  const intent = await payUntold()
  const found = await run('reconcile')
  expect(found.code).toBe(1)
  expect(found.output).toMatch(new RegExp(`^acme +paid_not_granted +${intent} `, 'm'))
  expect(found.output).toMatch(/^stipend billing sync acme$/m)
  const mended = await run('billing', 'sync', 'acme')
  expect(mended.output).toMatch(new RegExp(`^${intent} +applied$`, 'm'))
  expect(await run('reconcile', '--organization', 'acme')).toMatchObject({ code: 0 })
  await stripe.stripe.refunds.create({ payment_intent: intent })
  await run('billing', 'sync', 'acme')
  expect((await run('billing', 'payments', 'acme')).output).toMatch(
    / paid +\$\d+\.\d\d +\$\d+\.\d\d +(\d+\.\d\d) +\1 /,
  )
})

test('lists who is past due, and makes the automatic purchases that are due', async () => {
  expect((await run('billing', 'past-due')).output).toBe('No organization is past due.\n')
  await database.owner.query(
    `update stipend.organization_plans set status = 'past_due', paid_until = '2027-01-02T03:04:05Z'`,
  )
  expect((await run('billing', 'past-due')).output).toMatch(/^acme +free +2027-01-02T03:04:05\.000Z$/m)
  expect((await run('billing', 'auto-topup')).output).toBe('0 automatic purchases made or tried.\n')
})

test('without an account it says what to set', async () => {
  const refused = await stipend(['reconcile'], { env: { DATABASE_URL: database.serverUrl } })
  expect(refused).toMatchObject({ code: 2, output: '' })
  expect(refused.errors).toContain('set STRIPE_SECRET_KEY')
})

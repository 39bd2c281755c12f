import { serve } from '@hono/node-server'
import type { CatalogDefinition } from '@stipend/engine'
import { type StripeSandbox, type StripeSandboxOptions, startStripeSandbox } from '@stipend/stripe-sandbox'
import type Stripe from 'stripe'
import type { StripeContext } from '../stripe/context.ts'
import { handledEvents } from '../stripe/handle-event.ts'
import { syncPrices } from '../stripe/price-sync.ts'
import { catalog, createTestApi, type TestApi } from './api.ts'

export const webhookSecret = 'whsec_of_the_tests'
const secretKey = 'sk_test_of_the_tests'

/** An API that takes payments in a sandbox, whose webhooks reach it over HTTP. */
export interface Shop extends AsyncDisposable {
  api: TestApi
  sandbox: StripeSandbox
  stripe: Stripe
  payments: StripeContext
  /** Pays on the checkout page; the status of the answer: 303 done, 200 declined or under way. */
  pay(checkoutUrl: string, way?: string): Promise<number>
  /** Waits until every webhook is answered. */
  settled(): Promise<void>
  /** An organization whose customer lives on a test clock, from a moment on. */
  createOnClock(at: Date, plan?: string): Promise<ClockedOrganization>
}

export interface ClockedOrganization {
  organizationId: string
  key: string
  customerId: string
  /** Moves Stripe's time and the organization's, in steps of a day, webhooks answered after each. */
  advanceTo(at: Date, steps?: { seconds?: number; settle?: boolean }): Promise<void>
  now(): Date
}

/** Of the tests, with plans that are sold by the month and by the year. */
export const shopCatalog = {
  ...catalog,
  plans: {
    free: catalog.plans.free,
    pro: { ...catalog.plans.pro, annualPriceUsdCents: 29_000 },
    business: {
      monthlyCredits: 2000,
      priceUsdCents: 9900,
      annualPriceUsdCents: 99_000,
      allows: { reply: { fast: ['mini', 'large'], enhanced: ['large'] }, summary: { fast: ['mini'] } },
    },
    team: { ...catalog.plans.team, priceUsdCents: 19_900 },
  },
} as const satisfies CatalogDefinition

export async function createShop(
  options: Partial<StripeSandboxOptions> & { api?: Parameters<typeof createTestApi>[0] } = {},
): Promise<Shop> {
  const { api: apiOptions, ...sandboxOptions } = options
  const sandbox = await startStripeSandbox({ retryMs: [20, 50, 100, 200, 400], ...sandboxOptions })
  const api = await createTestApi({
    ...apiOptions,
    catalog: shopCatalog as unknown as typeof catalog,
    stripe: {
      secretKey,
      webhookSecret,
      frontendUrl: 'https://console.example',
      apiBase: sandbox.url,
      isSandbox: true,
    },
  })
  const { payments } = api.stipend
  if (payments === undefined) throw new Error('The shop takes payments.')
  const server = serve({ fetch: api.stipend.fetch, hostname: '127.0.0.1', port: 0 })
  const port = await new Promise<number>((resolve) => {
    server.on('listening', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  await syncPrices(payments)
  sandbox.setWebhook({
    url: `http://127.0.0.1:${port}/webhooks/stripe`,
    secret: webhookSecret,
    events: handledEvents,
  })
  return {
    api,
    sandbox,
    stripe: payments.stripe,
    payments,
    pay: (checkoutUrl, way = '4242424242424242') => post(checkoutUrl, { way }),
    settled: () => sandbox.controls.deliveries.idle(),
    createOnClock: (at, plan) => createOnClock(api, payments.stripe, sandbox, at, plan),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await api[Symbol.asyncDispose]()
    },
  }
}

/** Sends a form of a hosted page; redirects are not followed. */
export async function post(url: string, fields: Record<string, string>): Promise<number> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  await response.arrayBuffer()
  return response.status
}

const day = 86_400

async function createOnClock(
  api: TestApi,
  stripe: Stripe,
  sandbox: StripeSandbox,
  at: Date,
  plan = 'free',
): Promise<ClockedOrganization> {
  const organizationId = `clocked_${at.getTime()}_${Math.random().toString(36).slice(2, 8)}`
  let now = Math.floor(at.getTime() / 1000)
  const moveTo = async (seconds: number) => {
    await api.database.owner.query(
      `insert into stipend.test_clocks values ($1, to_timestamp($2) - clock_timestamp())
       on conflict (organization_id) do update set clock_offset = excluded.clock_offset`,
      [organizationId, seconds],
    )
  }
  await moveTo(now)
  await api.stipend.engine.putOrganization({ organizationId, name: organizationId, plan })
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: now })
  const customer = await stripe.customers.create({ test_clock: clock.id, name: organizationId })
  await api.stipend.engine.billing.putCustomer(organizationId, customer.id)
  const key = await api.createKey(organizationId, ['credits:read', 'billing:write', 'reservations:write'])
  return {
    organizationId,
    key,
    customerId: customer.id,
    now: () => new Date(now * 1000),
    advanceTo: async (to, { seconds = day, settle = true } = {}) => {
      const target = Math.floor(to.getTime() / 1000)
      while (now < target) {
        now = Math.min(now + seconds, target)
        await moveTo(now)
        await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: now })
        if (settle) await sandbox.controls.deliveries.idle()
      }
    },
  }
}

import type { Engine } from '@stipend/engine'
import { createStipend } from '@stipend/server'
import { syncPrices } from '@stipend/server/stripe'
import { startStripeSandbox } from '@stipend/stripe-sandbox'
import type Stripe from 'stripe'
import { type BenchCatalog, catalog } from '../catalog.ts'
import { medianRatio } from '../rounds.ts'
import { plainFigure, type Scenario } from '../scenario.ts'
import { createOrganizations, openEngine } from '../server.ts'
import { median } from '../statistics.ts'

const atOnce = 16
const organizationCount = 200
const secret = 'whsec_of_the_bench'

/** A payment event, as it goes over the wire. */
interface Delivery {
  body: string
  signature: string
}

/**
 * Deliveries of paid checkouts: new ones, which are read anew at the sandbox and grant, and the same again, which
 * change nothing; against checking the signature alone. The sandbox answers in the same process.
 */
export const webhooks: Scenario = {
  name: 'webhooks',
  title: 'Deliveries of payment events',
  async run({ server, effort }) {
    const database = await server.createDatabase()
    const organizations = await createOrganizations(database, 'paying-', organizationCount)
    await using open = openEngine(database.serverUrl)
    const sandbox = await startStripeSandbox()
    const secretKey = 'sk_test_bench'
    const stripeOptions = {
      secretKey,
      webhookSecret: secret,
      frontendUrl: 'http://localhost',
      apiBase: sandbox.url,
    }
    const stipend = createStipend<BenchCatalog>({
      database: open.pool,
      catalog,
      engine: open.engine,
      stripe: stripeOptions,
    })
    const { payments } = stipend
    if (payments === undefined) throw new Error('The benchmark takes payments.')
    await syncPrices(payments)
    const customers = await Promise.all(
      organizations.map(async (organizationId) => {
        const { id } = await payments.stripe.customers.create({ name: organizationId })
        await open.engine.billing.putCustomer(organizationId, id)
        return { organizationId, customer: id }
      }),
    )
    const perRound = Math.max(200, effort.calls)
    const send = ({ body, signature }: Delivery) =>
      stipend.fetch(
        new Request('http://api/webhooks/stripe', {
          method: 'POST',
          body,
          headers: { 'stripe-signature': signature },
        }),
      )
    const batches: Delivery[][] = []
    for (let round = 0; round < effort.rounds; round += 1) {
      batches.push(await pay(payments.stripe, open.engine, customers, perRound))
    }
    const signature: number[] = []
    const fresh: number[] = []
    const again: number[] = []
    for (const batch of batches) {
      signature.push(
        await rate(batch, async ({ body, signature: header }) => {
          await payments.stripe.webhooks.constructEventAsync(body, header, secret)
        }),
      )
      // A batch is new once; the same again, right after, is the duplicate.
      fresh.push(await rate(batch, async (delivery) => expectTaken(await send(delivery))))
      again.push(await rate(batch, async (delivery) => expectTaken(await send(delivery))))
    }
    await stipend.close()
    await sandbox.close()
    return {
      figures: [
        plainFigure('paid checkouts, read anew and granted', median(fresh), '/s'),
        plainFigure('the same again', median(again), '/s'),
        plainFigure('signatures checked, nothing else', median(signature), '/s'),
        plainFigure('granted ÷ the same again', medianRatio(fresh, again), '×'),
        plainFigure('the same again ÷ signature alone', medianRatio(again, signature), '×'),
      ],
      rounds: { fresh, again, signature },
    }
  },
}

function expectTaken({ status }: Response): void {
  if (status !== 200) throw new Error(`A delivery was answered with ${status}.`)
}

/** How many a second, `atOnce` at a time. */
async function rate(
  deliveries: readonly Delivery[],
  take: (delivery: Delivery) => Promise<void>,
): Promise<number> {
  const waiting = [...deliveries]
  const startedAt = performance.now()
  const lane = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await take(next)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (deliveries.length / (performance.now() - startedAt)) * 1000
}

/** Payments that are made at the sandbox, and the events that tell of them. */
async function pay(
  stripe: Stripe,
  engine: Engine<BenchCatalog>,
  customers: readonly { organizationId: string; customer: string }[],
  count: number,
): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  for (let index = 0; index < count; index += 1) {
    const { organizationId, customer } = customers[index % customers.length] ?? {
      organizationId: '',
      customer: '',
    }
    const paymentId = crypto.randomUUID()
    const bound = await engine.billing.createPayment({ organizationId, paymentId, package: 'starter' })
    const metadata = {
      stipend_organization: organizationId,
      stipend_payment: paymentId,
      stipend_package: 'starter',
      stipend_kind: 'auto_topup',
    }
    const intent = await stripe.paymentIntents.create({
      amount: bound.amountCents,
      currency: bound.currency,
      customer,
      payment_method: 'pm_card_visa',
      confirm: true,
      metadata,
    })
    const event = {
      id: `evt_${paymentId}`,
      object: 'event',
      type: 'payment_intent.succeeded',
      data: { object: intent },
    }
    const body = JSON.stringify(event)
    const signature = await stripe.webhooks.generateTestHeaderStringAsync({ payload: body, secret })
    deliveries.push({ body, signature })
  }
  return deliveries
}

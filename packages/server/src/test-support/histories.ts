import type Stripe from 'stripe'
import { expect } from 'vitest'
import type { ClockedOrganization, Shop } from './shop.ts'

/** Something that a customer, a bank or time does. Amounts are shares, chosen before anything is known. */
export type Step =
  | { do: 'buy'; way: string }
  | { do: 'refund'; which: number; share: number }
  | { do: 'dispute'; which: number }
  | { do: 'close'; which: number; outcome: 'won' | 'lost' }
  | { do: 'subscribe'; plan: 'pro' | 'business'; interval: 'month' | 'year' }
  | { do: 'change'; plan: 'pro' | 'business' }
  | { do: 'end'; isNow: boolean }
  | { do: 'resume' }
  | { do: 'card'; works: boolean }
  | { do: 'refund_invoice' }
  | { do: 'wait'; days: number }

/** Whoever lives a history, at Stripe alone: what the books make of it comes by webhooks. */
export class Life {
  readonly #shop: Shop
  readonly organization: ClockedOrganization
  readonly #intents: string[] = []
  readonly #disputes: string[] = []
  #subscription: string | null = null

  constructor(shop: Shop, organization: ClockedOrganization) {
    this.#shop = shop
    this.organization = organization
  }

  async begin(): Promise<void> {
    await this.#setCard('pm_card_visa')
  }

  /** Steps that do not apply do nothing. */
  async take(step: Step, settle: boolean): Promise<void> {
    const { stripe } = this.#shop
    switch (step.do) {
      case 'buy':
        return await this.#buy(step.way)
      case 'refund':
        return await this.#refund(
          this.#intents.at(step.which % Math.max(this.#intents.length, 1)),
          step.share,
        )
      case 'dispute': {
        const intent = this.#intents.at(step.which % Math.max(this.#intents.length, 1))
        if (intent !== undefined) await this.#dispute(intent)
        return
      }
      case 'close': {
        const dispute = this.#disputes.splice(step.which % Math.max(this.#disputes.length, 1), 1)[0]
        if (dispute !== undefined) this.#shop.sandbox.controls.closeDispute(dispute, step.outcome)
        return
      }
      case 'subscribe':
        return await this.#subscribe(step.plan, step.interval)
      case 'change':
        return await this.#change(step.plan)
      case 'end': {
        const running = await this.#running()
        if (running === null) return
        if (step.isNow) await stripe.subscriptions.cancel(running.id)
        else await stripe.subscriptions.update(running.id, { cancel_at_period_end: true })
        return
      }
      case 'resume': {
        const running = await this.#running()
        if (running !== null) await stripe.subscriptions.update(running.id, { cancel_at_period_end: false })
        return
      }
      case 'card':
        return await this.#setCard(step.works ? 'pm_card_visa' : 'pm_card_chargeCustomerFail')
      case 'refund_invoice':
        return await this.#refundInvoice()
      case 'wait': {
        const to = new Date(this.organization.now().getTime() + step.days * 86_400_000)
        return await this.organization.advanceTo(to, { settle })
      }
    }
  }

  async #setCard(token: string): Promise<void> {
    const { stripe } = this.#shop
    const { customerId } = this.organization
    const card = await stripe.paymentMethods.attach(token, { customer: customerId })
    await stripe.customers.update(customerId, { invoice_settings: { default_payment_method: card.id } })
  }

  async #buy(way: string): Promise<void> {
    const { api, pay, stripe } = this.#shop
    const bought = await api.call('POST', '/credits/purchase', {
      key: this.organization.key,
      body: { packageId: 'starter' },
    })
    await pay(String(bought.body['checkoutUrl']), way)
    const session = await stripe.checkout.sessions.retrieve(String(bought.body['sessionId']))
    if (session.payment_status === 'paid') this.#intents.push(String(session.payment_intent))
  }

  async #refund(intent: string | undefined, share: number): Promise<void> {
    if (intent === undefined) return
    const { stripe } = this.#shop
    const { latest_charge: charge } = await stripe.paymentIntents.retrieve(intent, {
      expand: ['latest_charge'],
    })
    if (typeof charge !== 'object' || charge === null) return
    const left = charge.amount - charge.amount_refunded
    const amount = Math.max(1, Math.floor(left * share))
    if (left > 0) await stripe.refunds.create({ payment_intent: intent, amount })
  }

  async #dispute(intent: string): Promise<void> {
    const { latest_charge: charge } = await this.#shop.stripe.paymentIntents.retrieve(intent, {
      expand: ['latest_charge'],
    })
    if (typeof charge !== 'object' || charge === null || charge.disputed || charge.refunded) return
    this.#disputes.push(this.#shop.sandbox.controls.dispute(intent))
  }

  async #running(): Promise<Stripe.Subscription | null> {
    if (this.#subscription === null) return null
    const subscription = await this.#shop.stripe.subscriptions.retrieve(this.#subscription)
    return ['active', 'past_due'].includes(subscription.status) ? subscription : null
  }

  async #price(plan: string, interval: 'month' | 'year'): Promise<string> {
    const prices = await this.#shop.api.stipend.engine.billing.listStripePrices()
    const price = prices.find((one) => one.plan === plan && one.interval === interval && one.isCurrent)
    if (price === undefined) throw new Error(`${plan} is not sold by the ${interval}.`)
    return price.priceId
  }

  async #subscribe(plan: string, interval: 'month' | 'year'): Promise<void> {
    if ((await this.#running()) !== null) return
    const subscription = await this.#shop.stripe.subscriptions.create({
      customer: this.organization.customerId,
      items: [{ price: await this.#price(plan, interval) }],
    })
    this.#subscription = subscription.id
  }

  async #change(plan: 'pro' | 'business'): Promise<void> {
    const running = await this.#running()
    const item = running?.items.data[0]
    if (running === null || item === undefined || running.status !== 'active') return
    const interval = item.price.recurring?.interval === 'year' ? 'year' : 'month'
    const price = await this.#price(plan, interval)
    if (price === item.price.id) return
    const isHigher = plan === 'business'
    await this.#shop.stripe.subscriptions.update(running.id, {
      items: [{ id: item.id, price }],
      proration_behavior: isHigher ? 'always_invoice' : 'none',
      ...(isHigher ? { payment_behavior: 'pending_if_incomplete' as const } : {}),
    })
  }

  async #refundInvoice(): Promise<void> {
    const { stripe } = this.#shop
    const list = await stripe.invoices.list({
      customer: this.organization.customerId,
      status: 'paid',
      limit: 1,
      expand: ['data.payments'],
    })
    const intent = list.data[0]?.payments?.data[0]?.payment.payment_intent
    if (typeof intent === 'string') await this.#refund(intent, 1)
  }
}

/** What must be the same, whatever order the webhooks came in. */
export async function standing(shop: Shop, { organizationId }: ClockedOrganization) {
  const { engine } = shop.api.stipend
  // What is due is written first, as by any call.
  await engine.resetMonthlyCredits()
  const [balance, state, { payments }, { problems }] = await Promise.all([
    engine.checkCreditBalance(organizationId),
    engine.billing.getState(organizationId),
    engine.billing.listPayments({ organizationId, limit: 100 }),
    engine.verifyLedger(organizationId),
  ])
  expect(problems).toEqual([])
  const { monthlyCredits, bonusCredits, debtCredits, periodStartsAt, periodEndsAt } = balance
  return {
    balance: { monthlyCredits, bonusCredits, debtCredits },
    period: [periodStartsAt, periodEndsAt].map(toSecond),
    plan: state.plan,
    status: state.status,
    pending: state.pending && { ...state.pending, changesAt: toSecond(state.pending.changesAt) },
    paidUntil: state.paidUntil && toSecond(state.paidUntil),
    payments: payments
      .map(({ status, refundedCents, disputedCents, clawedBackCredits }) => ({
        status,
        refundedCents,
        disputedCents,
        clawedBackCredits,
      }))
      .map((payment) => JSON.stringify(payment))
      .sort(),
  }
}

/** Organizations begin milliseconds after their clock is set. */
const toSecond = (time: Date) => new Date(Math.floor(time.getTime() / 1000) * 1000).toISOString()

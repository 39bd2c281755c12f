import type { Pool } from 'pg'
import { queryRow } from './database.ts'
import * as payments from './payments.ts'
import * as subscriptions from './subscriptions.ts'

/** What a payment provider's side needs of the database. It decides nothing itself: see @stipend/server's stripe/. */
export class Billing {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  createPayment(input: Parameters<typeof payments.createPayment>[1]): Promise<payments.BoundPayment> {
    return payments.createPayment(this.#pool, input)
  }

  beginSync(organizationId: string, objectId: string): Promise<string> {
    return payments.beginSync(this.#pool, organizationId, objectId)
  }

  syncPayment(
    organizationId: string,
    paymentId: string,
    reading: payments.PaymentReading,
  ): Promise<payments.SyncOutcome> {
    return payments.syncPayment(this.#pool, organizationId, paymentId, reading)
  }

  listPayments(input: payments.ListPaymentsInput) {
    return payments.listPayments(this.#pool, input)
  }

  getPayment(organizationId: string, paymentId: string): Promise<payments.Payment | null> {
    return payments.getPayment(this.#pool, organizationId, paymentId)
  }

  getAutoTopup(organizationId: string): Promise<payments.AutoTopup | null> {
    return payments.getAutoTopup(this.#pool, organizationId)
  }

  putAutoTopup(input: payments.AutoTopupInput): Promise<void> {
    return payments.putAutoTopup(this.#pool, input)
  }

  claimAutoTopups(limit: number): Promise<payments.DueAutoTopup[]> {
    return payments.claimAutoTopups(this.#pool, limit)
  }

  syncSubscription(organizationId: string, reading: subscriptions.SubscriptionReading) {
    return subscriptions.syncSubscription(this.#pool, organizationId, reading)
  }

  getState(organizationId: string): Promise<subscriptions.BillingState> {
    return subscriptions.getBillingState(this.#pool, organizationId)
  }

  putCustomer(organizationId: string, customerId: string): Promise<string> {
    return subscriptions.putCustomer(this.#pool, organizationId, customerId)
  }

  findOrganizationOfCustomer(customerId: string): Promise<string | null> {
    return subscriptions.findOrganizationOfCustomer(this.#pool, customerId)
  }

  listCustomers(): Promise<{ organizationId: string; customerId: string }[]> {
    return subscriptions.listCustomers(this.#pool)
  }

  listPastDue() {
    return subscriptions.listPastDue(this.#pool)
  }

  putStripePrice(input: subscriptions.PutStripePriceInput): Promise<void> {
    return subscriptions.putStripePrice(this.#pool, input)
  }

  listStripePrices(): Promise<subscriptions.StripePrice[]> {
    return subscriptions.listStripePrices(this.#pool)
  }

  /** `busy`: somebody else handles it; `done`: it was handled before. */
  async claimEvent(eventId: string, type: string): Promise<'ours' | 'busy' | 'done'> {
    const text = 'select stipend.claim_stripe_event($1::text, $2::text) as claim'
    return (await queryRow<{ claim: 'ours' | 'busy' | 'done' }>(this.#pool, text, [eventId, type])).claim
  }

  /** Notes in the outbox that payments differ from what the provider says. */
  async emitDrift(organizationId: string, findings: readonly object[]): Promise<void> {
    await queryRow(this.#pool, 'select stipend.emit_drift($1::text, $2::jsonb)', [
      organizationId,
      JSON.stringify(findings),
    ])
  }

  /** With an error it may be taken again. */
  async finishEvent(
    eventId: string,
    end: { outcome: 'applied' | 'ignored' } | { error: string },
  ): Promise<void> {
    const outcome = 'outcome' in end ? end.outcome : null
    const error = 'error' in end ? end.error : null
    await queryRow(this.#pool, 'select stipend.finish_stripe_event($1::text, $2::text, $3::text)', [
      eventId,
      outcome,
      error,
    ])
  }
}

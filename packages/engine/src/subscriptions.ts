import type { Pool } from 'pg'
import { type Credits, credits } from './credits.ts'
import { queryRow, queryRows } from './database.ts'
import { errorOf } from './errors.ts'
import type { Subscription } from './organizations.ts'
import type { SyncOutcome } from './payments.ts'
import { readAsOperator, readAsOrganization } from './reading.ts'

export type BillingInterval = 'month' | 'year'

/** What Stripe says of an organization's subscription: the one that runs, else the last that did. */
export interface SubscriptionReading {
  sync: string
  subscriptionId: string
  /** Stripe's word. */
  status: string
  interval: BillingInterval | null
  /** That was last paid for; null: nothing was yet. */
  plan: string | null
  /** Where its periods begin. */
  anchorAt: Date | null
  planFrom: Date | null
  paidUntil: Date | null
  /** That payment was refunded or is disputed. */
  unpaidFrom: Date | null
  /** That follows at the period's end, where it is another one. */
  nextPlan: string | null
  cancelsAt: Date | null
  endedAt: Date | null
  paymentFailed: { at: Date; cents: number; payUrl: string | null } | null
}

/** How an organization is billed. */
export interface BillingState {
  plan: string
  status: Subscription['status']
  pending: { plan: string; changesAt: Date } | null
  paidUntil: Date | null
  customerId: string | null
  monthlyAllocation: Credits
  /** null: it never had a subscription at Stripe. */
  subscription: {
    id: string
    status: string
    interval: BillingInterval | null
    cancelsAt: Date | null
    endedAt: Date | null
    paymentFailed: { at: Date; cents: number; payUrl: string | null } | null
  } | null
}

/** A price made at Stripe. */
export interface StripePrice {
  priceId: string
  productId: string
  /** One of both. */
  plan: string | null
  package: string | null
  interval: BillingInterval | null
  unitAmountCents: number
  currency: string
  isCurrent: boolean
}

export interface PutStripePriceInput {
  /** Key of a plan, or without an interval of a package. */
  name: string
  interval: BillingInterval | null
  productId: string
  priceId: string
  unitAmountCents: number
  currency: string
}

/** Makes plan, periods and credits what the subscription says. */
export async function syncSubscription(
  pool: Pool,
  organizationId: string,
  reading: SubscriptionReading,
): Promise<{ outcome: SyncOutcome; plan: string; status: Subscription['status'] }> {
  const failed = reading.paymentFailed
  return await queryRow(
    pool,
    `select * from stipend.sync_subscription($1::text, $2::bigint, $3::text, $4::text, $5::text, $6::text,
       $7::timestamptz, $8::timestamptz, $9::timestamptz, $10::timestamptz, $11::text, $12::timestamptz, $13::timestamptz,
       $14::timestamptz, $15::integer, $16::text)`,
    [
      organizationId,
      reading.sync,
      reading.subscriptionId,
      reading.status,
      reading.interval,
      reading.plan,
      reading.anchorAt,
      reading.planFrom,
      reading.paidUntil,
      reading.unpaidFrom,
      reading.nextPlan,
      reading.cancelsAt,
      reading.endedAt,
      failed?.at ?? null,
      failed?.cents ?? null,
      failed?.payUrl ?? null,
    ],
  )
}

/** @throws StipendError `organization_not_found` */
export async function getBillingState(pool: Pool, organizationId: string): Promise<BillingState> {
  const [row] = await readAsOrganization<{
    plan: string
    status: Subscription['status']
    pending_plan: string | null
    pending_change_at: Date | null
    paid_until: Date | null
    customer_id: string | null
    monthly_allocation: string
    subscription_id: string | null
    subscription_status: string
    billing_interval: BillingInterval | null
    cancels_at: Date | null
    ended_at: Date | null
    payment_failed_at: Date | null
    payment_failed_cents: number | null
    payment_failed_url: string | null
  }>(
    pool,
    organizationId,
    `select b.plan, b.status, b.pending_plan, b.pending_change_at, p.paid_until, c.customer_id,
       b.monthly_allocation::text, s.stripe_subscription_id as subscription_id, s.status as subscription_status,
       s.billing_interval, s.cancels_at, s.ended_at, s.payment_failed_at, s.payment_failed_cents, s.payment_failed_url
     from stipend.project_balance($1::text) b
     join stipend.organization_plans p on p.organization_id = $1::text
     left join stipend.stripe_customers c on c.organization_id = p.organization_id
     left join stipend.subscriptions s on s.organization_id = p.organization_id`,
    [organizationId],
  )
  if (row === undefined) throw errorOf('organization_not_found', { organizationId })
  return {
    plan: row.plan,
    status: row.status,
    pending:
      row.pending_plan === null || row.pending_change_at === null
        ? null
        : { plan: row.pending_plan, changesAt: row.pending_change_at },
    paidUntil: row.paid_until,
    customerId: row.customer_id,
    monthlyAllocation: credits(row.monthly_allocation),
    subscription:
      row.subscription_id === null
        ? null
        : {
            id: row.subscription_id,
            status: row.subscription_status,
            interval: row.billing_interval,
            cancelsAt: row.cancels_at,
            endedAt: row.ended_at,
            paymentFailed:
              row.payment_failed_at === null
                ? null
                : {
                    at: row.payment_failed_at,
                    cents: row.payment_failed_cents ?? 0,
                    payUrl: row.payment_failed_url,
                  },
          },
  }
}

/** The one that counts: the first noted. */
export async function putCustomer(pool: Pool, organizationId: string, customerId: string): Promise<string> {
  const text = 'select stipend.put_stripe_customer($1::text, $2::text) as id'
  return (await queryRow<{ id: string }>(pool, text, [organizationId, customerId])).id
}

/** null: no customer of ours. */
export async function findOrganizationOfCustomer(pool: Pool, customerId: string): Promise<string | null> {
  const text = 'select stipend.find_stripe_customer($1::text) as id'
  return (await queryRow<{ id: string | null }>(pool, text, [customerId])).id
}

/** Organizations with a customer at Stripe, by id. */
export async function listCustomers(pool: Pool): Promise<{ organizationId: string; customerId: string }[]> {
  const text = 'select organization_id, customer_id from stipend.stripe_customers order by organization_id'
  const rows = await readAsOperator<{ organization_id: string; customer_id: string }>(pool, text)
  return rows.map((row) => ({ organizationId: row.organization_id, customerId: row.customer_id }))
}

/** Organizations whose grace has run out, by id. What is due is written by the monthly job. */
export async function listPastDue(
  pool: Pool,
): Promise<{ organizationId: string; plan: string; paidUntil: Date | null }[]> {
  const rows = await readAsOperator<{ organization_id: string; plan: string; paid_until: Date | null }>(
    pool,
    `select p.organization_id, n.unique_name as plan, p.paid_until
     from stipend.organization_plans p join stipend.plans n on n.id = p.plan_id
     where p.status = 'past_due' order by p.organization_id`,
  )
  return rows.map((row) => ({
    organizationId: row.organization_id,
    plan: row.plan,
    paidUntil: row.paid_until,
  }))
}

export async function putStripePrice(pool: Pool, input: PutStripePriceInput): Promise<void> {
  const text =
    'select stipend.put_stripe_price($1::text, $2::text, $3::text, $4::text, $5::integer, $6::text)'
  const { name, interval, productId, priceId, unitAmountCents, currency } = input
  await queryRow(pool, text, [name, interval, productId, priceId, unitAmountCents, currency])
}

/** Those of the past too: subscribers keep theirs. */
export async function listStripePrices(pool: Pool): Promise<StripePrice[]> {
  const rows = await queryRows<{
    price_id: string
    product_id: string
    plan: string | null
    package: string | null
    billing_interval: BillingInterval | null
    unit_amount_cents: number
    currency: string
    is_current: boolean
  }>(
    pool,
    `select s.price_id, s.product_id, n.unique_name as plan, t.unique_name as package, s.billing_interval,
       s.unit_amount_cents, s.currency, s.is_current
     from stipend.stripe_prices s
     left join stipend.plans n on n.id = s.plan_id
     left join stipend.credit_topup_packages t on t.id = s.topup_package_id
     order by s.created_at, s.price_id`,
  )
  return rows.map((row) => ({
    priceId: row.price_id,
    productId: row.product_id,
    plan: row.plan,
    package: row.package,
    interval: row.billing_interval,
    unitAmountCents: row.unit_amount_cents,
    currency: row.currency,
    isCurrent: row.is_current,
  }))
}

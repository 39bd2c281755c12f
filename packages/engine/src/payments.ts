import type { Pool } from 'pg'
import { type Credits, credits, formatCredits } from './credits.ts'
import { queryRow, queryRows } from './database.ts'
import { errorOf } from './errors.ts'
import type { Actor } from './parties.ts'
import { readAsOrganization } from './reading.ts'
import { requireInteger, requireText } from './validate.ts'

export type PaymentKind = 'topup' | 'auto_topup'

/** `mismatch`: what was paid is not what was bound; nothing was granted. */
export type PaymentStatus = 'open' | 'processing' | 'paid' | 'failed' | 'expired' | 'mismatch'

/** A purchase of credits. Money in cents of `currency`. */
export interface Payment {
  id: string
  organizationId: string
  kind: PaymentKind
  /** Key of the catalog's package. */
  package: string
  credits: Credits
  amountCents: number
  currency: string
  status: PaymentStatus
  refundedCents: number
  disputedCents: number
  clawedBackCredits: Credits
  /** The ledger row that granted. */
  sequence: number | null
  /** Why it failed, such as `card_declined`. */
  failureCode: string | null
  receiptUrl: string | null
  stripePaymentIntentId: string | null
  stripeSessionId: string | null
  createdAt: Date
  paidAt: Date | null
}

/** What a purchase is bound to before Stripe is asked. */
export interface BoundPayment {
  credits: Credits
  amountCents: number
  currency: string
  stripePriceId: string
}

/** What Stripe says of a purchase. */
export interface PaymentReading {
  /** From `beginSync`, taken before Stripe was asked. */
  sync: string
  status: Exclude<PaymentStatus, 'mismatch'>
  /** As its metadata name it. */
  package: string | null
  amountCents: number
  currency: string
  refundedCents: number
  /** Of disputes that are open or lost. */
  disputedCents: number
  stripeSessionId?: string | null
  stripePaymentIntentId?: string | null
  failureCode?: string | null
  receiptUrl?: string | null
}

/** `stale`: a newer reading was applied before; `unknown`: no such purchase of this organization. */
export type SyncOutcome = 'applied' | 'unchanged' | 'stale' | 'mismatch' | 'unknown'

export interface AutoTopup {
  enabled: boolean
  thresholdCredits: Credits
  package: string
  monthlyCeilingCents: number
  /** This calendar month (UTC), those under way included. */
  spentThisMonthCents: number
  declines: number
  nextAttemptAt: Date | null
  /** After three declines, until it is set again. */
  stoppedAt: Date | null
  stoppedReason: string | null
}

export interface AutoTopupInput {
  organizationId: string
  enabled: boolean
  thresholdCredits: Credits
  package: string
  monthlyCeilingCents: number
}

/** An automatic purchase to make now. */
export interface DueAutoTopup {
  organizationId: string
  paymentId: string
  package: string
  credits: Credits
  amountCents: number
  currency: string
}

interface PaymentRow {
  id: string
  organization_id: string
  kind: PaymentKind
  topup_package: string
  credits: string
  amount_cents: number
  currency: string
  status: PaymentStatus
  refunded_cents: number
  disputed_cents: number
  clawed_back_credits: string
  sequence: string | null
  failure_code: string | null
  receipt_url: string | null
  stripe_payment_intent_id: string | null
  stripe_session_id: string | null
  created_at: Date
  paid_at: Date | null
}

function paymentOf(row: PaymentRow): Payment {
  return {
    id: row.id,
    organizationId: row.organization_id,
    kind: row.kind,
    package: row.topup_package,
    credits: credits(row.credits),
    amountCents: row.amount_cents,
    currency: row.currency,
    status: row.status,
    refundedCents: row.refunded_cents,
    disputedCents: row.disputed_cents,
    clawedBackCredits: credits(row.clawed_back_credits),
    sequence: row.sequence === null ? null : Number(row.sequence),
    failureCode: row.failure_code,
    receiptUrl: row.receipt_url,
    stripePaymentIntentId: row.stripe_payment_intent_id,
    stripeSessionId: row.stripe_session_id,
    createdAt: row.created_at,
    paidAt: row.paid_at,
  }
}

/** @throws StipendError `invalid_request`, `payments_not_configured` where the package has no price at Stripe */
export async function createPayment(
  pool: Pool,
  input: { organizationId: string; paymentId: string; package: string; actor?: Actor | undefined },
): Promise<BoundPayment> {
  const row = await queryRow<{
    credits: string
    amount_cents: number
    currency: string
    price_id: string
  }>(
    pool,
    `select * from stipend.create_payment($1::text, $2::uuid, 'topup', $3::text, $4::text, $5::text)`,
    [
      requireText('organizationId', input.organizationId),
      input.paymentId,
      requireText('packageId', input.package, 100),
      input.actor?.type ?? null,
      input.actor?.id ?? null,
    ],
  )
  return {
    credits: credits(row.credits),
    amountCents: row.amount_cents,
    currency: row.currency,
    stripePriceId: row.price_id,
  }
}

/** Numbers a reading of one of Stripe's objects, before it is made. @throws StipendError `organization_not_found` */
export async function beginSync(pool: Pool, organizationId: string, objectId: string): Promise<string> {
  const text = 'select stipend.begin_stripe_sync($1::text, $2::text) as number'
  const { number } = await queryRow<{ number: string | null }>(pool, text, [organizationId, objectId])
  if (number === null) throw errorOf('organization_not_found', { organizationId })
  return number
}

/** Makes a purchase what Stripe says of it: grants, takes back, gives back. */
export async function syncPayment(
  pool: Pool,
  organizationId: string,
  paymentId: string,
  reading: PaymentReading,
): Promise<SyncOutcome> {
  const { outcome } = await queryRow<{ outcome: SyncOutcome }>(
    pool,
    `select outcome from stipend.sync_payment($1::text, $2::uuid, $3::bigint, $4::text, $5::text, $6::integer, $7::text,
       $8::integer, $9::integer, $10::text, $11::text, $12::text, $13::text)`,
    [
      organizationId,
      paymentId,
      reading.sync,
      reading.status,
      reading.package,
      reading.amountCents,
      reading.currency,
      reading.refundedCents,
      reading.disputedCents,
      reading.stripeSessionId ?? null,
      reading.stripePaymentIntentId ?? null,
      reading.failureCode ?? null,
      reading.receiptUrl ?? null,
    ],
  )
  return outcome
}

export interface ListPaymentsInput {
  organizationId: string
  /** `nextCursor` of the page before. */
  cursor?: string | undefined
  /** 1 to 100. Default 20. */
  limit?: number | undefined
}

/** Newest first. */
export async function listPayments(
  pool: Pool,
  { organizationId, cursor, limit = 20 }: ListPaymentsInput,
): Promise<{ payments: Payment[]; nextCursor: string | null }> {
  const size = requireInteger('limit', limit, 1, 100)
  const rows = await readAsOrganization<PaymentRow>(
    pool,
    organizationId,
    `select p.* from stipend.payments p
     where p.organization_id = $1::text and ($2::uuid is null or (p.created_at, p.id) < (
       select x.created_at, x.id from stipend.payments x where x.organization_id = $1::text and x.id = $2::uuid))
     order by p.created_at desc, p.id desc limit $3::integer`,
    [organizationId, cursor ?? null, size + 1],
  )
  const payments = rows.slice(0, size).map(paymentOf)
  return { payments, nextCursor: rows.length > size ? (payments.at(-1)?.id ?? null) : null }
}

/** null: none of this organization. */
export async function getPayment(
  pool: Pool,
  organizationId: string,
  paymentId: string,
): Promise<Payment | null> {
  const text =
    'select p.* from stipend.payments p where p.organization_id = $1::text and p.id::text = $2::text'
  const [row] = await readAsOrganization<PaymentRow>(pool, organizationId, text, [organizationId, paymentId])
  return row === undefined ? null : paymentOf(row)
}

/** null: never set. */
export async function getAutoTopup(pool: Pool, organizationId: string): Promise<AutoTopup | null> {
  const [row] = await readAsOrganization<{
    is_enabled: boolean
    threshold_credits: string
    topup_package: string
    monthly_ceiling_cents: number
    spent: string
    declines: number
    next_attempt_at: Date | null
    stopped_at: Date | null
    stopped_reason: string | null
  }>(
    pool,
    organizationId,
    `select a.*, stipend.auto_topup_spent(a.organization_id, stipend.organization_now(a.organization_id, null)) as spent
     from stipend.auto_topups a where a.organization_id = $1::text`,
    [organizationId],
  )
  if (row === undefined) return null
  return {
    enabled: row.is_enabled,
    thresholdCredits: credits(row.threshold_credits),
    package: row.topup_package,
    monthlyCeilingCents: row.monthly_ceiling_cents,
    spentThisMonthCents: Number(row.spent),
    declines: row.declines,
    nextAttemptAt: row.next_attempt_at,
    stoppedAt: row.stopped_at,
    stoppedReason: row.stopped_reason,
  }
}

/** @throws StipendError `invalid_request` for a package that is not sold, or a ceiling below its price */
export async function putAutoTopup(pool: Pool, input: AutoTopupInput): Promise<void> {
  await queryRow(
    pool,
    'select stipend.put_auto_topup($1::text, $2::boolean, $3::numeric, $4::text, $5::integer)',
    [
      requireText('organizationId', input.organizationId),
      input.enabled,
      formatCredits(input.thresholdCredits),
      requireText('packageId', input.package, 100),
      requireInteger('monthlyCeilingCents', input.monthlyCeilingCents, 1, 100_000_000),
    ],
  )
}

/** Automatic purchases to make now, each bound; those begun and never heard of come again under their id. */
export async function claimAutoTopups(pool: Pool, limit: number): Promise<DueAutoTopup[]> {
  const rows = await queryRows<{
    organization_id: string
    payment_id: string
    topup_package: string
    credits: string
    amount_cents: number
    currency: string
  }>(pool, 'select * from stipend.claim_auto_topups($1::integer)', [limit])
  return rows.map((row) => ({
    organizationId: row.organization_id,
    paymentId: row.payment_id,
    package: row.topup_package,
    credits: credits(row.credits),
    amountCents: row.amount_cents,
    currency: row.currency,
  }))
}

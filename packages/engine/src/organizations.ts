import type { Pool } from 'pg'
import { type Credits, credits, formatCredits } from './credits.ts'
import { queryRow } from './database.ts'
import { errorOf, invalid } from './errors.ts'
import { jsonText } from './json-text.ts'
import type { Actor } from './parties.ts'
import { readAsOperator, readAsOrganization } from './reading.ts'
import { type Transaction, type TransactionRow, transactionColumns, transactionOf } from './transactions.ts'
import { optionalText, requireCredits, requireInteger, requireOneOf, requireText } from './validate.ts'

export interface PutOrganizationInput {
  organizationId: string
  name: string
  /** The plan that a new organization starts on; one that exists keeps its own. */
  plan: string
  /** Takes in a customer from before Stipend: no welcome bonus, its own period, what is left of it. */
  takeIn?: { periodAnchor: Date; monthlyCredits?: Credits; bonusCredits?: Credits } | undefined
}

export interface PutOrganizationResult {
  organizationId: string
  isNew: boolean
  plan: string
}

export interface Organization {
  id: string
  name: string
}

/** @throws StipendError `organization_not_found` */
export async function getOrganization(pool: Pool, organizationId: string): Promise<Organization> {
  const text = 'select o.id, o.name from stipend.organizations o where o.id = $1::text'
  const [row] = await readAsOrganization<{ id: string; name: string }>(pool, organizationId, text, [
    organizationId,
  ])
  if (row === undefined) throw errorOf('organization_not_found', { organizationId })
  return row
}

/** Ids of all organizations, in their order. */
export async function listOrganizationIds(pool: Pool): Promise<string[]> {
  const rows = await readAsOperator<{ id: string }>(pool, 'select id from stipend.organizations order by id')
  return rows.map(({ id }) => id)
}

export const grantTypes = ['topup', 'promo', 'referral', 'welcome', 'admin', 'refund'] as const
export type GrantType = (typeof grantTypes)[number]

export interface GrantInput {
  organizationId: string
  type: GrantType
  credits: Credits
  /** What the grant is for, such as a payment: granted once per source, for ever. */
  sourceId: string
  /** Lower is spent first, 0 to 1000. Default 100. */
  priority?: number | undefined
  expiresAt?: Date | undefined
  reason?: string | undefined
  paymentMetadata?: Readonly<Record<string, unknown>> | undefined
  actor?: Actor | undefined
}

export interface AdjustInput {
  organizationId: string
  /** Positive adds bonus credits, negative takes in spend order and may leave debt. */
  credits: Credits
  reason: string
  sourceId: string
  actor?: Actor | undefined
}

/** A posted ledger row; `isReplay`: it had been posted for this source before. */
export interface Posting {
  isReplay: boolean
  transaction: Transaction
}

export interface PlanChange {
  plan: string
  pendingPlan: string | null
  pendingChangeAt: Date | null
  creditsAdded: Credits
}

export interface SubscriptionInput {
  organizationId: string
  /** Paid until then; null: nobody bills it. */
  paidUntil: Date | null
  isSuspended?: boolean | undefined
  /** The subscription is over: lowest plan, bonus kept. */
  isEnded?: boolean | undefined
}

export interface Subscription {
  status: 'active' | 'past_due' | 'suspended'
  plan: string
  paidUntil: Date | null
}

export async function putOrganization(
  pool: Pool,
  input: PutOrganizationInput,
): Promise<PutOrganizationResult> {
  const { takeIn } = input
  const monthly = takeIn?.monthlyCredits
  const bonus = takeIn?.bonusCredits
  if (monthly !== undefined && (!Number.isSafeInteger(monthly) || monthly < 0)) {
    throw invalid('takeIn.monthlyCredits', 'must be credits of at least zero')
  }
  if (bonus !== undefined && (!Number.isSafeInteger(bonus) || bonus < 0)) {
    throw invalid('takeIn.bonusCredits', 'must be credits of at least zero')
  }
  const row = await queryRow<{ is_new: boolean; plan: string }>(
    pool,
    `select * from stipend.put_organization($1::text, $2::text, $3::text, $4::timestamptz, $5::numeric, $6::numeric)`,
    [
      requireText('organizationId', input.organizationId),
      requireText('name', input.name),
      requireText('plan', input.plan, 100),
      takeIn?.periodAnchor ?? null,
      monthly === undefined ? null : formatCredits(monthly),
      bonus === undefined ? null : formatCredits(bonus),
    ],
  )
  return { organizationId: input.organizationId, isNew: row.is_new, plan: row.plan }
}

export async function grantCredits(pool: Pool, input: GrantInput): Promise<Posting> {
  const row = await queryRow<TransactionRow & { is_replay: boolean }>(
    pool,
    `select g.is_replay, ${transactionColumns('(g.transaction)')}
     from stipend.grant_credits($1::text, $2::text, $3::numeric, $4::text, $5::integer, $6::timestamptz, $7::text,
       $8::jsonb, $9::text, $10::text) g`,
    [
      requireText('organizationId', input.organizationId),
      requireOneOf('type', input.type, grantTypes),
      formatCredits(requireCredits('credits', input.credits)),
      requireText('sourceId', input.sourceId),
      requireInteger('priority', input.priority ?? 100, 0, 1000),
      input.expiresAt ?? null,
      optionalText('reason', input.reason, 1000),
      input.paymentMetadata === undefined ? null : jsonText(input.paymentMetadata),
      input.actor?.type ?? null,
      input.actor === undefined ? null : requireText('actor.id', input.actor.id),
    ],
  )
  return { isReplay: row.is_replay, transaction: transactionOf(row) }
}

export async function adjustCredits(pool: Pool, input: AdjustInput): Promise<Posting> {
  if (input.credits === 0) throw invalid('credits', 'must not be zero')
  requireCredits('credits', Math.abs(input.credits) as Credits)
  const row = await queryRow<TransactionRow & { is_replay: boolean }>(
    pool,
    `select a.is_replay, ${transactionColumns('(a.transaction)')}
     from stipend.adjust_credits($1::text, $2::numeric, $3::text, $4::text, $5::text, $6::text) a`,
    [
      requireText('organizationId', input.organizationId),
      formatCredits(input.credits),
      requireText('reason', input.reason, 1000),
      requireText('sourceId', input.sourceId),
      input.actor?.type ?? null,
      input.actor === undefined ? null : requireText('actor.id', input.actor.id),
    ],
  )
  return { isReplay: row.is_replay, transaction: transactionOf(row) }
}

export async function changePlan(
  pool: Pool,
  input: { organizationId: string; plan: string },
): Promise<PlanChange> {
  const row = await queryRow<{
    plan: string
    pending_plan: string | null
    pending_change_at: Date | null
    credits_added: string
  }>(pool, 'select * from stipend.change_plan($1::text, $2::text)', [
    requireText('organizationId', input.organizationId),
    requireText('plan', input.plan, 100),
  ])
  return {
    plan: row.plan,
    pendingPlan: row.pending_plan,
    pendingChangeAt: row.pending_change_at,
    creditsAdded: credits(row.credits_added),
  }
}

export async function updateSubscription(pool: Pool, input: SubscriptionInput): Promise<Subscription> {
  const row = await queryRow<{ status: Subscription['status']; plan: string; paid_until: Date | null }>(
    pool,
    'select * from stipend.update_subscription($1::text, $2::timestamptz, $3::boolean, $4::boolean)',
    [
      requireText('organizationId', input.organizationId),
      input.paidUntil,
      input.isSuspended ?? false,
      input.isEnded ?? false,
    ],
  )
  return { status: row.status, plan: row.plan, paidUntil: row.paid_until }
}

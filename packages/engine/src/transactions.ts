import type { Pool } from 'pg'
import { type Credits, credits, type NanoUsd, nanoUsd } from './credits.ts'
import { errorOf, invalid } from './errors.ts'
import { getPriceAt } from './model-prices.ts'
import type { RecordedPrice } from './prices.ts'
import { readAsOrganization } from './reading.ts'
import { optionalText, requireInteger, requireOneOf, requireText } from './validate.ts'

export const transactionTypes = [
  'plan_allocation',
  'topup_purchase',
  'promo_bonus',
  'referral_bonus',
  'welcome_bonus',
  'ai_consumption',
  'admin_adjustment',
  'refund',
  'plan_change_adjustment',
  'credit_expiry',
  'topup_clawback',
  'clawback_reversal',
] as const
export type TransactionType = (typeof transactionTypes)[number]

/** One row of the ledger. Amounts in hundredths of credits; amount = monthly + bonus + debt part. */
export interface Transaction {
  organizationId: string
  sequence: number
  type: TransactionType
  amount: Credits
  monthlyAmount: Credits
  bonusAmount: Credits
  /** Negative: new debt; positive: debt repaid. */
  debtAmount: Credits
  /** Charge borne by an unlimited plan. */
  coveredAmount: Credits
  balanceAfter: Credits
  reservationId: string | null
  plan: string | null
  capability: string | null
  quality: string | null
  model: string | null
  estimatedCredits: Credits | null
  /** Charge less estimate. */
  estimationVariance: Credits | null
  unchargedCredits: Credits
  costUsd: NanoUsd | null
  flags: readonly string[]
  actor: { type: string; id: string; name: string | null; email: string | null } | null
  subject: { type: string; id: string; name: string | null } | null
  formId: string | null
  sourceId: string | null
  reason: string | null
  providerMetadata: Readonly<Record<string, unknown>> | null
  paymentMetadata: Readonly<Record<string, unknown>> | null
  /** When it was due; `createdAt` is when it was written. */
  effectiveAt: Date
  createdAt: Date
  /** sha256, hex. */
  hash: string
}

const plainColumns = [
  'organization_id',
  'sequence',
  'type',
  'amount',
  'monthly_amount',
  'bonus_amount',
  'debt_amount',
  'covered_amount',
  'balance_after',
  'reservation_id',
  'plan',
  'capability',
  'quality',
  'model',
  'estimated_credits',
  'estimation_variance',
  'uncharged_credits',
  'cost_usd',
  'flags',
  'actor_type',
  'actor_id',
  'subject_type',
  'subject_id',
  'form_id',
  'source_id',
  'reason',
  'provider_metadata',
  'payment_metadata',
  'effective_at',
  'created_at',
] as const

/** A ledger row as pg delivers it. */
export interface TransactionRow {
  organization_id: string
  sequence: string
  type: TransactionType
  amount: string
  monthly_amount: string
  bonus_amount: string
  debt_amount: string
  covered_amount: string
  balance_after: string
  reservation_id: string | null
  plan: string | null
  capability: string | null
  quality: string | null
  model: string | null
  estimated_credits: string | null
  estimation_variance: string | null
  uncharged_credits: string
  cost_usd: string | null
  flags: string[]
  actor_type: string | null
  actor_id: string | null
  actor_name?: string | null
  actor_email?: string | null
  subject_type: string | null
  subject_id: string | null
  subject_name?: string | null
  form_id: string | null
  source_id: string | null
  reason: string | null
  provider_metadata: Record<string, unknown> | null
  payment_metadata: Record<string, unknown> | null
  effective_at: Date
  created_at: Date
  hash: string
}

/** The select list of {@link TransactionRow} for a row expression. */
export function transactionColumns(row: string): string {
  return `${plainColumns.map((column) => `${row}.${column}`).join(', ')}, encode(${row}.hash, 'hex') as hash`
}

const orNull = (value: string | null): Credits | null => (value === null ? null : credits(value))

export function transactionOf(row: TransactionRow): Transaction {
  return {
    organizationId: row.organization_id,
    sequence: Number(row.sequence),
    type: row.type,
    amount: credits(row.amount),
    monthlyAmount: credits(row.monthly_amount),
    bonusAmount: credits(row.bonus_amount),
    debtAmount: credits(row.debt_amount),
    coveredAmount: credits(row.covered_amount),
    balanceAfter: credits(row.balance_after),
    reservationId: row.reservation_id,
    plan: row.plan,
    capability: row.capability,
    quality: row.quality,
    model: row.model,
    estimatedCredits: orNull(row.estimated_credits),
    estimationVariance: orNull(row.estimation_variance),
    unchargedCredits: credits(row.uncharged_credits),
    costUsd: row.cost_usd === null ? null : nanoUsd(row.cost_usd),
    flags: row.flags,
    actor:
      row.actor_type === null || row.actor_id === null
        ? null
        : {
            type: row.actor_type,
            id: row.actor_id,
            name: row.actor_name ?? null,
            email: row.actor_email ?? null,
          },
    subject:
      row.subject_type === null || row.subject_id === null
        ? null
        : { type: row.subject_type, id: row.subject_id, name: row.subject_name ?? null },
    formId: row.form_id,
    sourceId: row.source_id,
    reason: row.reason,
    providerMetadata: row.provider_metadata,
    paymentMetadata: row.payment_metadata,
    effectiveAt: row.effective_at,
    createdAt: row.created_at,
    hash: row.hash,
  }
}

export interface ListTransactionsInput {
  organizationId: string
  /** 1 to 500, default 50. */
  limit?: number | undefined
  /** `nextCursor` of the page before. */
  cursor?: string | undefined
  type?: TransactionType | undefined
  capability?: string | undefined
  actorId?: string | undefined
  quality?: string | undefined
  model?: string | undefined
  reservationId?: string | undefined
  /** From then on. */
  from?: Date | undefined
  /** Before then. */
  to?: Date | undefined
}

export interface TransactionPage {
  /** Newest first. */
  transactions: Transaction[]
  nextCursor: string | null
}

/** Names of the people of a ledger row `t`, and where it and they are from. */
const namesOf = `a.name as actor_name, a.email as actor_email, s.name as subject_name
     from stipend.credit_transactions t
     left join stipend.credit_parties a on a.organization_id = t.organization_id and a.digest = t.actor_digest
     left join stipend.credit_parties s on s.organization_id = t.organization_id and s.digest = t.subject_digest`

/** What a charge was computed from. */
export interface ChargeBasis {
  /** Of the model that served, on that day; null: none is recorded, or the charge was told in credits. */
  price: RecordedPrice | null
  /** On the provider's cost, of plan and model together: 2500 is a quarter more. */
  markupBasisPoints: number
  /** Decimal. */
  usdPerCredit: string
}

/**
 * One row of the ledger; of a charge with what it was computed from.
 * @throws StipendError not_found, organization_not_found
 */
export async function getTransaction(
  pool: Pool,
  { organizationId, sequence }: { organizationId: string; sequence: number },
): Promise<Transaction & { chargeBasis: ChargeBasis | null }> {
  const [row] = await readAsOrganization<
    TransactionRow & { markup: number | null; usd_per_credit: string | null }
  >(
    pool,
    requireText('organizationId', organizationId),
    `select ${transactionColumns('t')}, o.markup, o.usd_per_credit, ${namesOf}
     left join lateral (
       select coalesce(x.model_markups[array_position(x.models, t.model)], x.model_markups[1], 0) as markup,
         trim_scale(x.usd_per_credit)::text as usd_per_credit
       from stipend.credit_reservations r
       join stipend.catalog_offers x on x.id = r.offer_id
       where r.organization_id = t.organization_id and r.id = t.reservation_id) o on true
     where t.organization_id = $1::text and t.sequence = $2::bigint`,
    [organizationId, requireInteger('sequence', sequence, 1, Number.MAX_SAFE_INTEGER)],
  )
  if (row === undefined) {
    await requireOrganization(pool, organizationId)
    throw errorOf('not_found', { message: 'No such transaction.', sequence })
  }
  const transaction = transactionOf(row)
  const { markup, usd_per_credit: usdPerCredit } = row
  if (markup === null || usdPerCredit === null) return { ...transaction, chargeBasis: null }
  const price = await priceOf(pool, transaction)
  return { ...transaction, chargeBasis: { price, markupBasisPoints: markup, usdPerCredit } }
}

/** The price that the charge says it was made by, else the one in force then; of `provider/model` as it served. */
async function priceOf(
  pool: Pool,
  { providerMetadata, createdAt }: Transaction,
): Promise<RecordedPrice | null> {
  const served = servedModel(providerMetadata)
  if (served === null) return null
  const [provider = '', ...modelId] = served.split('/')
  const at = priceTime(providerMetadata) ?? createdAt
  return await getPriceAt(pool, { provider, modelId: modelId.join('/'), at })
}

/** `provider/model` that answered; a provider that did not say which one was asked for that. */
function servedModel(metadata: Transaction['providerMetadata']): string | null {
  const attempts: unknown = metadata?.['attempts']
  const last: unknown = Array.isArray(attempts) ? attempts.at(-1) : null
  const attempt: Readonly<Record<string, unknown>> =
    typeof last === 'object' && last !== null ? { ...last } : {}
  const named = [metadata?.['served'], attempt['served'], attempt['requested']]
  return named.find((name): name is string => typeof name === 'string' && /.\/./.test(name)) ?? null
}

function priceTime(metadata: Transaction['providerMetadata']): Date | null {
  const price: unknown = metadata?.['price']
  const at = typeof price === 'object' && price !== null && 'effectiveAt' in price ? price.effectiveAt : null
  const time = typeof at === 'string' ? new Date(at) : null
  return time === null || Number.isNaN(time.getTime()) ? null : time
}

/** A page of the ledger, newest first, by keyset on the sequence. */
export async function listTransactions(pool: Pool, input: ListTransactionsInput): Promise<TransactionPage> {
  const limit = requireInteger('limit', input.limit ?? 50, 1, 500)
  if (input.cursor !== undefined && !/^\d{1,18}$/.test(input.cursor)) {
    throw invalid('cursor', 'must be the nextCursor of an earlier page')
  }
  const organizationId = requireText('organizationId', input.organizationId)
  const rows = await readAsOrganization<TransactionRow>(
    pool,
    organizationId,
    `select ${transactionColumns('t')}, ${namesOf}
     where t.organization_id = $1::text
       and ($2::bigint is null or t.sequence < $2::bigint)
       and ($3::text is null or t.type = $3::text)
       and ($4::text is null or t.capability = $4::text)
       and ($5::text is null or t.actor_id = $5::text)
       and ($6::timestamptz is null or t.sequence >= (select stipend.sequence_at($1::text, $6::timestamptz)))
       and ($7::timestamptz is null or t.sequence < (select stipend.sequence_at($1::text, $7::timestamptz)))
       and ($8::text is null or t.quality = $8::text)
       and ($9::text is null or t.model = $9::text)
       and ($10::text is null or t.reservation_id::text = $10::text)
     order by t.sequence desc
     limit $11::integer`,
    [
      organizationId,
      input.cursor ?? null,
      input.type === undefined ? null : requireOneOf('type', input.type, transactionTypes),
      optionalText('capability', input.capability),
      optionalText('actorId', input.actorId),
      input.from ?? null,
      input.to ?? null,
      optionalText('quality', input.quality),
      optionalText('model', input.model),
      optionalText('reservationId', input.reservationId),
      limit + 1,
    ],
  )
  if (rows.length === 0) await requireOrganization(pool, input.organizationId)
  const transactions = rows.slice(0, limit).map(transactionOf)
  const last = transactions.at(-1)
  return {
    transactions,
    nextCursor: rows.length > limit && last !== undefined ? String(last.sequence) : null,
  }
}

export async function requireOrganization(pool: Pool, organizationId: string): Promise<void> {
  const text = 'select from stipend.organizations o where o.id = $1::text'
  const [found] = await readAsOrganization(pool, organizationId, text, [organizationId])
  if (found === undefined) throw errorOf('organization_not_found', { organizationId })
}

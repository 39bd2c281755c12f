import type { Transaction } from './api.generated.ts'
import { http, read } from './client.ts'

/**
 * Routes and filters of credits that are not in api.generated.ts yet. Once they are, each of these is a call of
 * {@link http} with the generated types.
 */
const untyped = http as unknown as {
  GET(
    path: string,
    init: {
      params: { path?: Record<string, unknown>; query?: Record<string, unknown> }
      signal?: AbortSignal | undefined
      parseAs?: 'blob'
    },
  ): Promise<{ data?: unknown; error?: unknown; response: Response }>
}

export type UsageGroup = 'day' | 'capability' | 'model' | 'actor'
export type UsageSplit = Exclude<UsageGroup, 'day'>

/** Half-open: from ≤ time < to, as ISO 8601. Without: the current period. */
export interface TimeRange {
  from?: string | undefined
  to?: string | undefined
}

export interface UsageFilters extends TimeRange {
  capability?: string | undefined
  actorId?: string | undefined
  model?: string | undefined
}

export interface UsageRow {
  /** UTC day, capability, catalog key of the model, or actor as `type:id`; null: unknown. */
  group: string | null
  /** With `splitBy`: the part of the group. */
  split?: string | null
  calls: number
  creditsUsed: number
  /** Decimal in US dollars; null where the person may not see it. */
  costUsd: string | null
}

export interface UsageAnswer {
  from: string
  to: string
  usage: UsageRow[]
}

export interface Forecast {
  /** Credits a day over the last `basisDays`; null: too little is known. */
  dailyAverage: number | null
  basisDays: number | null
  /** At that pace; null: never, or too little is known. */
  runsOutAt: string | null
  /** Credits until the period's end at that pace. */
  projectedUse: number | null
  periodEndsAt: string
}

export interface TransactionQuery extends UsageFilters {
  type?: string | undefined
  quality?: string | undefined
  actorType?: string | undefined
  reservationId?: string | undefined
}

/** What the charge was computed from; null: the server does not tell it to this person, or no model was called. */
export interface ChargeBasis {
  /** Of the day, in US dollars for a million tokens, decimals. */
  price: {
    source: string
    effectiveAt: string | null
    inputUsdPerMillion: string | null
    cachedInputUsdPerMillion: string | null
    outputUsdPerMillion: string | null
  } | null
  /** Of the plan on the provider's cost; 0.25 is a quarter more. */
  markup: number | null
  /** Decimal. */
  usdPerCredit: string | null
}

/** A row of the ledger with its receipt. */
export interface TransactionDetail extends Transaction {
  chargeBasis?: ChargeBasis | null
}

export interface TransactionPage {
  transactions: Transaction[]
  nextCursor: string | null
}

/**
 * Begin of the query keys of all that is read from the ledger: @stipend/vue asks for what begins so again when the
 * balance has changed.
 */
export const ledgerKey = ['stipend', 'history'] as const

export function readUsage(
  query: UsageFilters & { groupBy: UsageGroup; splitBy?: UsageSplit | undefined },
  signal: AbortSignal,
): Promise<UsageAnswer> {
  return get('/credits/usage', { ...query }, signal)
}

export function readForecast(signal: AbortSignal): Promise<Forecast> {
  return get('/credits/forecast', {}, signal)
}

/** Newest first; `cursor`: of the page before. */
export function readTransactions(
  query: TransactionQuery & { limit: number; cursor?: string | undefined },
  signal: AbortSignal,
): Promise<TransactionPage> {
  return get('/credits/transactions', { ...query }, signal)
}

/** One row with all that its receipt says. */
export async function readTransaction(sequence: string, signal: AbortSignal): Promise<TransactionDetail> {
  const params = { path: { sequence } }
  return (await read(
    untyped.GET('/credits/transactions/{sequence}', { params, signal }),
  )) as TransactionDetail
}

/** All rows that match. */
export async function readTransactionsCsv(query: TransactionQuery): Promise<Blob> {
  const params = { query: given({ ...query, format: 'csv' }) }
  return (await read(untyped.GET('/credits/transactions', { params, parseAs: 'blob' }))) as Blob
}

async function get<Data>(path: string, query: Record<string, unknown>, signal: AbortSignal): Promise<Data> {
  return (await read(untyped.GET(path, { params: { query: given(query) }, signal }))) as Data
}

function given(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}

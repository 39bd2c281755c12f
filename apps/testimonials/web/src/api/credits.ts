import type { paths, Transaction, TransactionDetail, Usage } from './api.generated.ts'
import { http, read } from './client.ts'

type Query<Path extends '/credits/usage' | '/credits/transactions'> = NonNullable<
  paths[Path]['get']['parameters']['query']
>

export type UsageQuery = Query<'/credits/usage'>
export type UsageGroup = NonNullable<UsageQuery['groupBy']>
export type UsageSplit = Exclude<UsageGroup, 'day'>
/** Half-open: from ≤ time < to, as ISO 8601. Without: the current period. */
export type UsageFilters = Omit<UsageQuery, 'groupBy' | 'splitBy'>

export interface UsageAnswer {
  from: string
  to: string
  usage: Usage[]
}

export type TransactionQuery = Omit<Query<'/credits/transactions'>, 'limit' | 'cursor' | 'format'>
export type TransactionType = NonNullable<TransactionQuery['type']>

export interface TransactionPage {
  transactions: Transaction[]
  nextCursor: string | null
}

/**
 * Begin of the query keys of all that is read from the ledger: @stipend/vue asks for what begins so again when the
 * balance has changed.
 */
export const ledgerKey = ['stipend', 'history'] as const

export const readUsage = (query: UsageQuery, signal: AbortSignal): Promise<UsageAnswer> =>
  read(http.GET('/credits/usage', { params: { query }, signal }))

export const readForecast = (signal: AbortSignal) => read(http.GET('/credits/forecast', { signal }))

/** Newest first; `cursor`: of the page before. */
export async function readTransactions(
  query: TransactionQuery & { limit: number; cursor?: string },
  signal: AbortSignal,
): Promise<TransactionPage> {
  const answer = await read(http.GET('/credits/transactions', { params: { query }, signal }))
  // Text is the answer to format=csv alone.
  return answer as Exclude<typeof answer, string>
}

/** All rows that match. */
export async function readTransactionsCsv(filters: TransactionQuery): Promise<Blob> {
  const query = { ...filters, format: 'csv' as const }
  return await read(http.GET('/credits/transactions', { params: { query }, parseAs: 'blob' }))
}

/** One row with all that its receipt says. */
export const readTransaction = (sequence: string, signal: AbortSignal): Promise<TransactionDetail> =>
  read(http.GET('/credits/transactions/{sequence}', { params: { path: { sequence } }, signal }))

/** A signed statement that the row is in the ledger; for admins, it says what the provider was paid. */
export const readReceipt = (sequence: string) =>
  read(http.GET('/credits/transactions/{sequence}/receipt', { params: { path: { sequence } } }))

/** Public keys that receipts are signed with; none: the server signs nothing. */
export const readReceiptKeys = async (signal: AbortSignal) =>
  (await read(http.GET('/receipt-keys', { signal }))).keys

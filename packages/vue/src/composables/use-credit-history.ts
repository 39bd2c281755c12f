import type { StipendProblem, Transaction, TransactionFilters } from '@stipend/client'
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue } from 'vue'
import { queryKeys } from '../internal/query-keys.ts'
import { type ResourceStatus, usePagedResource } from '../internal/use-resource.ts'
import { useStipend } from '../plugin.ts'

export type CreditHistoryFilters = Omit<TransactionFilters, 'limit' | 'cursor'>

export interface CreditHistoryOptions {
  filters?: MaybeRefOrGetter<CreditHistoryFilters | undefined> | undefined
  /** Rows a page. Default 25. */
  pageSize?: MaybeRefOrGetter<number | undefined> | undefined
}

export interface CreditHistory {
  /** Newest first, all pages that were loaded. */
  transactions: ComputedRef<readonly Transaction[]>
  status: ComputedRef<ResourceStatus>
  problem: ComputedRef<StipendProblem | null>
  hasMore: ComputedRef<boolean>
  isLoadingMore: ComputedRef<boolean>
  loadMore(): Promise<void>
  refresh(): Promise<void>
}

/** The ledger in pages; read again when the balance has changed. */
export function useCreditHistory({ filters, pageSize }: CreditHistoryOptions = {}): CreditHistory {
  const { client } = useStipend()
  const { data, ...paging } = usePagedResource(() => {
    const query = { ...toValue(filters), limit: toValue(pageSize) ?? 25 }
    return {
      key: [...queryKeys.history, query],
      load: (cursor: string | null, signal: AbortSignal) =>
        client.listTransactions({ ...query, ...(cursor === null ? {} : { cursor }) }, { signal }),
      nextCursor: (page) => page.nextCursor,
    }
  })
  return { transactions: computed(() => (data.value ?? []).flatMap((page) => page.transactions)), ...paging }
}

import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { ledgerKey, readTransactions, type TransactionQuery } from '../../api/credits.ts'
import { stateOf } from '../../api/use-resource.ts'

const pageSize = 50

/** The ledger in keyset pages; read again when the balance has changed. `query` null: not known yet. */
export function useHistory(query: () => TransactionQuery | null) {
  const pages = useInfiniteQuery({
    queryKey: computed(() => [...ledgerKey, 'transactions', query()]),
    queryFn: ({ pageParam, signal }) =>
      readTransactions(
        { ...query(), limit: pageSize, ...(pageParam === null ? {} : { cursor: pageParam }) },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: computed(() => query() !== null),
  })
  return {
    transactions: computed(() => pages.data.value?.pages.flatMap((page) => page.transactions) ?? []),
    ...stateOf(pages.data, pages.error),
    hasMore: pages.hasNextPage,
    isLoadingMore: pages.isFetchingNextPage,
    loadMore: () => pages.fetchNextPage(),
    refresh: async () => {
      await pages.refetch()
    },
  }
}

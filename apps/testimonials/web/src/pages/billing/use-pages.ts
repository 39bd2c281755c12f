import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { stateOf } from '../../api/use-resource.ts'

interface Page<Item> {
  items: readonly Item[]
  nextCursor: string | null
}

/** A list that comes in pages, newest first. */
export function usePages<Item>(
  key: string,
  load: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>,
) {
  const query = useInfiniteQuery({
    queryKey: [key],
    queryFn: ({ pageParam, signal }: { pageParam: string | null; signal: AbortSignal }) =>
      load(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: Page<Item>) => last.nextCursor,
  })
  return {
    items: computed(() => query.data.value?.pages.flatMap(({ items }) => items) ?? []),
    ...stateOf(query.data, query.error),
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    more: () => query.fetchNextPage(),
    refresh: async () => {
      await query.refetch()
    },
  }
}

import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { stateOf } from '../../api/use-resource.ts'

interface Page {
  nextCursor: string | null
}

/** A list that comes in pages, newest first. */
export function usePages<One extends Page, Item>(options: {
  key: () => readonly unknown[]
  load: (cursor: { cursor?: string }, signal: AbortSignal) => Promise<One>
  itemsOf: (page: One) => readonly Item[]
}) {
  const query = useInfiniteQuery({
    queryKey: computed(options.key),
    queryFn: ({ pageParam, signal }) => options.load(pageParam === null ? {} : { cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  })
  const items = computed(() => (query.data.value?.pages ?? []).flatMap((page) => [...options.itemsOf(page)]))
  return {
    ...stateOf(query.data, query.error),
    items,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => query.fetchNextPage(),
    refresh: () => query.refetch(),
  }
}

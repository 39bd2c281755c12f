import { StipendProblem } from '@stipend/client'
import {
  InfiniteQueryObserver,
  type InfiniteQueryObserverResult,
  QueryObserver,
  type QueryObserverResult,
} from '@tanstack/query-core'
import { type ComputedRef, computed, onScopeDispose, type Ref, shallowRef, watchEffect } from 'vue'
import { useStipend } from '../plugin.ts'

/** `denied`: the server refused for want of rights; `error`: it failed, asking again may help. */
export type ResourceStatus = 'loading' | 'ready' | 'denied' | 'error'

/** Something that the server knows. What was read before stays while it is read again. */
export interface Resource<Data> {
  data: Readonly<Ref<Data | undefined>>
  status: ComputedRef<ResourceStatus>
  /** Why there is nothing to show. */
  problem: ComputedRef<StipendProblem | null>
  refresh(): Promise<void>
}

export interface ResourceOptions<Data> {
  key: readonly unknown[]
  load(signal: AbortSignal): Promise<Data>
  /** Milliseconds; 0: not by itself. */
  refreshMs?: number
}

/** Reads while the component lives; `options` may depend on reactive values. */
export function useResource<Data>(options: () => ResourceOptions<Data>): Resource<Data> {
  const { queries } = useStipend()
  const query = () => {
    const { key, load, refreshMs = 0 } = options()
    return {
      queryKey: key,
      queryFn: ({ signal }: { signal: AbortSignal }) => load(signal),
      refetchInterval: refreshMs === 0 ? (false as const) : refreshMs,
    }
  }
  const observer = new QueryObserver<Data>(queries, query())
  const result = shallowRef<QueryObserverResult<Data>>(observer.getCurrentResult())
  watchEffect(() => observer.setOptions(query()))
  observe(observer, result)
  return {
    data: computed(() => result.value.data),
    ...stateOf(result),
    refresh: async () => {
      await observer.refetch()
    },
  }
}

export interface PagedResource<Page> extends Resource<readonly Page[]> {
  hasMore: ComputedRef<boolean>
  isLoadingMore: ComputedRef<boolean>
  loadMore(): Promise<void>
}

export interface PagedResourceOptions<Page> {
  key: readonly unknown[]
  load(cursor: string | null, signal: AbortSignal): Promise<Page>
  /** null: it is the last page. */
  nextCursor(page: Page): string | null
}

/** {@link useResource} for keyset pages. */
export function usePagedResource<Page>(options: () => PagedResourceOptions<Page>): PagedResource<Page> {
  const { queries } = useStipend()
  const query = () => {
    const { key, load, nextCursor } = options()
    return {
      queryKey: key,
      queryFn: ({ pageParam, signal }: { pageParam: string | null; signal: AbortSignal }) =>
        load(pageParam, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (page: Page) => nextCursor(page),
    }
  }
  type Pages = { pages: Page[]; pageParams: (string | null)[] }
  const observer = new InfiniteQueryObserver<Page, Error, Pages, readonly unknown[], string | null>(
    queries,
    query(),
  )
  const result = shallowRef<InfiniteQueryObserverResult<Pages>>(observer.getCurrentResult())
  watchEffect(() => observer.setOptions(query()))
  observe(observer, result)
  return {
    data: computed(() => result.value.data?.pages),
    ...stateOf(result),
    refresh: async () => {
      await observer.refetch()
    },
    hasMore: computed(() => result.value.hasNextPage),
    isLoadingMore: computed(() => result.value.isFetchingNextPage),
    loadMore: async () => {
      await observer.fetchNextPage()
    },
  }
}

/** Not where there is no page: a server that renders asks for nothing. */
function observe<Result>(
  observer: { subscribe(listener: (result: Result) => void): () => void; getCurrentResult(): Result },
  result: Ref<Result>,
): void {
  if (typeof document === 'undefined') return
  const unsubscribe = observer.subscribe((next) => {
    result.value = next
  })
  result.value = observer.getCurrentResult()
  onScopeDispose(unsubscribe)
}

function stateOf(result: Readonly<Ref<{ data: unknown; error: Error | null; isError: boolean }>>) {
  const problem = computed(() => {
    const { data, error } = result.value
    if (data !== undefined || error === null) return null
    return error instanceof StipendProblem
      ? error
      : new StipendProblem({ code: 'internal', status: 0, detail: error.message })
  })
  const status = computed((): ResourceStatus => {
    if (result.value.data !== undefined) return 'ready'
    if (problem.value === null) return 'loading'
    return problem.value.status === 401 || problem.value.status === 403 ? 'denied' : 'error'
  })
  return { problem, status }
}

import { StipendProblem } from '@stipend/client'
import { keepPreviousData, type UseQueryReturnType, useQuery } from '@tanstack/vue-query'
import { type ComputedRef, computed, type MaybeRefOrGetter, type Ref, toValue } from 'vue'

/** `denied`: the server refused for want of rights; `error`: it failed, asking again may help. */
export type ResourceStatus = 'loading' | 'ready' | 'denied' | 'error'

/** Something that the server knows, with the one state that a page shows. */
export interface Resource<Data> {
  data: Ref<Data | undefined>
  status: ComputedRef<ResourceStatus>
  /** Why there is nothing to show. */
  problem: ComputedRef<StipendProblem | null>
  refresh(): Promise<void>
}

export interface ResourceOptions<Data> {
  /** In the query cache; what it depends on belongs into it. */
  key: MaybeRefOrGetter<readonly unknown[]>
  load(signal: AbortSignal): Promise<Data>
  isEnabled?: MaybeRefOrGetter<boolean>
  /** Shows what the last key had while the new one loads. */
  keepsPrevious?: boolean
}

/** Reads while the component lives; the key may depend on reactive values. */
export function useResource<Data>(options: ResourceOptions<Data>): Resource<Data> {
  const query = useQuery({
    queryKey: computed(() => toValue(options.key)),
    queryFn: ({ signal }) => options.load(signal),
    enabled: computed(() => toValue(options.isEnabled) ?? true),
    ...(options.keepsPrevious === true ? { placeholderData: keepPreviousData } : {}),
  }) as UseQueryReturnType<Data, Error>
  const state = stateOf(query.data, query.error)
  return {
    data: query.data as Ref<Data | undefined>,
    ...state,
    refresh: async () => {
      await query.refetch()
    },
  }
}

/** The state of anything that was asked for: what is there already stays while it is asked for again. */
export function stateOf(data: Ref<unknown>, error: Ref<Error | null>) {
  const problem = computed(() => (data.value === undefined ? problemOf(error.value) : null))
  const status = computed((): ResourceStatus => {
    if (data.value !== undefined) return 'ready'
    if (problem.value === null) return 'loading'
    return problem.value.status === 401 || problem.value.status === 403 ? 'denied' : 'error'
  })
  return { problem, status }
}

/** Anything thrown, as the problem that a person is shown. */
export function problemOf(error: unknown): StipendProblem | null {
  if (error === null || error === undefined) return null
  if (error instanceof StipendProblem) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new StipendProblem({ code: 'internal', status: 0, detail })
}

import type { RateLimit, StipendProblem } from '@stipend/client'
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue } from 'vue'
import { queryKeys } from '../internal/query-keys.ts'
import { type ResourceStatus, useResource } from '../internal/use-resource.ts'
import { useStipend } from '../plugin.ts'

export interface AIRateLimits {
  /** Windows without a limit are not there. */
  limits: ComputedRef<readonly RateLimit[]>
  /** A window is used up: the next call would be refused. */
  isLimited: ComputedRef<boolean>
  status: ComputedRef<ResourceStatus>
  problem: ComputedRef<StipendProblem | null>
  refresh(): Promise<void>
}

/** The plan's rate limits and their use, of one capability or of all. */
export function useAIRateLimits(capability?: MaybeRefOrGetter<string | undefined>): AIRateLimits {
  const { client } = useStipend()
  const { data, ...state } = useResource(() => ({
    key: queryKeys.limits,
    load: (signal) => client.getLimits({ signal }),
    refreshMs: 15_000,
  }))
  const limits = computed(() => {
    const wanted = toValue(capability)
    return (data.value ?? []).filter((limit) => wanted === undefined || limit.capability === wanted)
  })
  return {
    limits,
    isLimited: computed(() => limits.value.some(({ used, limit }) => used >= limit)),
    ...state,
  }
}

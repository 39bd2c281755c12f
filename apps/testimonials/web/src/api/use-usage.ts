import { type MaybeRefOrGetter, toValue } from 'vue'
import { ledgerKey, readUsage, type UsageFilters, type UsageGroup, type UsageSplit } from './credits.ts'
import { useResource } from './use-resource.ts'

export interface UsageOptions {
  groupBy: UsageGroup
  splitBy?: MaybeRefOrGetter<UsageSplit>
  /** null: not known yet. */
  filters: MaybeRefOrGetter<UsageFilters | null>
}

/** Charges by group; read again when the balance changes. */
export function useUsage({ groupBy, splitBy, filters }: UsageOptions) {
  const query = () => ({
    ...toValue(filters),
    groupBy,
    ...(splitBy === undefined ? {} : { splitBy: toValue(splitBy) }),
  })
  return useResource({
    key: () => [...ledgerKey, 'usage', query()],
    load: (signal) => readUsage(query(), signal),
    isEnabled: () => toValue(filters) !== null,
    keepsPrevious: true,
  })
}

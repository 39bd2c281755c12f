import { type ComputedRef, computed } from 'vue'
import type { Budget } from '../../api/api.generated.ts'
import { http, read } from '../../api/client.ts'
import { useResource } from '../../api/use-resource.ts'

type Option = { value: string; label: string }
type ScopeType = Budget['scopeType']

const readers: Readonly<Record<ScopeType, (signal: AbortSignal) => Promise<Option[]>>> = {
  organization: async () => [],
  member: async (signal) =>
    (await read(http.GET('/members', { signal }))).members.map(({ userId, name }) => ({
      value: userId,
      label: name,
    })),
  api_key: async (signal) =>
    (await read(http.GET('/api-keys', { signal }))).apiKeys
      .filter(({ revokedAt }) => revokedAt === null)
      .map(({ id, name }) => ({ value: id, label: name })),
  capability: async (signal) =>
    (await read(http.GET('/ai/capabilities', { signal }))).capabilities.map(({ capability, name }) => ({
      value: capability,
      label: name,
    })),
  form: async (signal) =>
    (await read(http.GET('/forms', { params: { query: { limit: 200 } }, signal }))).forms.map(
      ({ id, name }) => ({
        value: id,
        label: name,
      }),
    ),
}

/** Whom or what a budget of that scope can be set for, beginning with no choice. */
export function useBudgetScopes(scopeType: ComputedRef<ScopeType>) {
  const { data } = useResource({
    key: () => ['budget-scopes', scopeType.value],
    load: (signal) => readers[scopeType.value](signal),
  })
  return { options: computed((): Option[] => [{ value: '', label: '–' }, ...(data.value ?? [])]) }
}

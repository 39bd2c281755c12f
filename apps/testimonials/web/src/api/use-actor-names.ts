import { computed, type MaybeRefOrGetter } from 'vue'
import { http, read } from './client.ts'
import { useResource } from './use-resource.ts'

export const membersResource = {
  key: ['members'],
  load: (signal: AbortSignal) => read(http.GET('/members', { signal })),
}

/** Names of members and API keys by `type:id`, for admins; without where it is not enabled. */
export function useActorNames(isEnabled: MaybeRefOrGetter<boolean> = true) {
  const members = useResource({ ...membersResource, isEnabled })
  const keys = useResource({
    key: ['api-keys'],
    load: (signal) => read(http.GET('/api-keys', { signal })),
    isEnabled,
  })
  return computed(() => {
    const people = members.data.value?.members ?? []
    const apiKeys = keys.data.value?.apiKeys ?? []
    return new Map<string, string>([
      ...people.map(({ userId, name }) => [`member:${userId}`, name] as const),
      ...apiKeys.map(({ id, name }) => [`api_key:${id}`, name] as const),
    ])
  })
}

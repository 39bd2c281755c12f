import { computed } from 'vue'
import { useMessages } from '../i18n/locale.ts'
import { may } from '../session/session.ts'
import { http, read } from './client.ts'
import { readMembers } from './members.ts'
import { apiMessages } from './messages.ts'
import { useResource } from './use-resource.ts'

/** What people call the things that the ledger knows by key. Until the server has told, the keys in plain letters. */
export function useNames() {
  const m = useMessages(apiMessages)
  const capabilities = useResource({
    key: ['capabilities'],
    load: (signal) => read(http.GET('/ai/capabilities', { signal })),
  })
  const members = useResource({ key: ['members'], load: readMembers })
  const keys = useResource({
    key: ['api-keys'],
    load: (signal) => read(http.GET('/api-keys', { signal })),
    isEnabled: may('admin'),
  })
  const actors = computed(() => {
    const people = members.data.value?.members.map(({ userId, name }) => [`member:${userId}`, name] as const)
    const apiKeys = keys.data.value?.apiKeys.map(({ id, name }) => [`api_key:${id}`, name] as const)
    return new Map<string, string>([...(people ?? []), ...(apiKeys ?? [])])
  })
  const capabilityNames = computed(
    () => new Map(capabilities.data.value?.capabilities.map(({ capability, name }) => [capability, name])),
  )
  const qualityNames = computed(
    () =>
      new Map(
        capabilities.data.value?.capabilities.flatMap(({ qualities }) =>
          qualities.map(({ quality, name }) => [quality, name] as const),
        ),
      ),
  )
  return {
    capabilities: computed(() => capabilities.data.value?.capabilities ?? []),
    /** Of a capability's key. */
    capability: (key: string) => capabilityNames.value.get(key) ?? plain(key),
    quality: (key: string) => qualityNames.value.get(key) ?? plain(key),
    /** Of a model's key in the catalog, `claude_sonnet`, or of `provider/model`. */
    model: (key: string) => key.replaceAll('_', ' '),
    /** Of an actor as `type:id`; `told`: what the ledger's row calls it. */
    actor: (actor: string, told?: string | null) => {
      const known = told ?? actors.value.get(actor)
      if (known != null) return known
      const [type, ...id] = actor.split(':')
      return m.value.unnamed(type ?? '', id.join(':').slice(-4))
    },
  }
}

export type Names = ReturnType<typeof useNames>

function plain(key: string): string {
  const words = key.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

import { computed } from 'vue'
import { useMessages } from '../i18n/locale.ts'
import { http, read } from './client.ts'
import { apiMessages } from './messages.ts'
import { useResource } from './use-resource.ts'

/** What people call the things that the ledger knows by key. Until the server has told, the keys in plain letters. */
export function useNames() {
  const m = useMessages(apiMessages)
  const { data } = useResource({
    key: ['capabilities'],
    load: (signal) => read(http.GET('/ai/capabilities', { signal })),
  })
  const capabilities = computed(() => data.value?.capabilities ?? [])
  return {
    capabilities,
    capability: (key: string) =>
      capabilities.value.find(({ capability }) => capability === key)?.name ?? plain(key),
    quality: (key: string) => {
      const levels = capabilities.value.flatMap(({ qualities }) => qualities)
      return levels.find(({ quality }) => quality === key)?.name ?? plain(key)
    },
    /** Of a model's key in the catalog, such as `claude_sonnet`. */
    model: (key: string) => key.replaceAll('_', ' '),
    /** Of an actor as `type:id`; `told`: what the server calls it, where it does. */
    actor: (actor: string, told: string | null) => {
      if (told !== null) return told
      const [type = '', ...id] = actor.split(':')
      return m.value.unnamed(type, id.join(':').slice(-4))
    },
  }
}

export type Names = ReturnType<typeof useNames>

function plain(key: string): string {
  const words = key.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

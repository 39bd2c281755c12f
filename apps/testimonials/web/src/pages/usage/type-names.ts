import { useStipend } from '@stipend/vue'
import { computed } from 'vue'

/** Types of ledger rows with what @stipend/vue calls them. */
export function useTypeNames() {
  const { messages } = useStipend()
  return computed(() => Object.entries(messages.value.types))
}
